namespace MobileQuant.Quantization;

/// <summary>What runs the model, which decides where it loses information.</summary>
public enum QuantizationTarget
{
    /// <summary>The managed integer runtime: 8 bits at the inputs of linear layers and in the KV cache, wide elsewhere.</summary>
    Cpu,

    /// <summary>A phone's NPU: static scales everywhere, as in the paper.</summary>
    Npu,
}
