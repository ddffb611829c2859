using System.Text.Json.Nodes;
using MobileQuant.Checkpoints;
using MobileQuant.Modeling;

namespace MobileQuant.Tests.Checkpoints;

public class HuggingFaceConfigTests
{
    [Fact]
    public void Reads_the_classic_form()
    {
        DecoderArchitecture a = Read("""{"rope_theta":500000.0,"rope_scaling":{"type":"linear","factor":2.0},"torch_dtype":"float16","attention_bias":true}""");
        Assert.Equal(500_000, a.Rotary.Base);
        Assert.Equal(RotaryScalingKind.Linear, a.Rotary.Scaling);
        Assert.Equal(2, a.Rotary.Factor);
        Assert.Equal([LinearKind.Query, LinearKind.Key, LinearKind.Value, LinearKind.Output], a.Biased);
    }

    [Fact]
    public void Reads_the_newer_form()
    {
        DecoderArchitecture a = Read("""
            {"rope_theta":null,"rope_parameters":{"rope_theta":500000.0,"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":16},"dtype":"bfloat16","mlp_bias":true}
            """);
        Assert.Equal(new RotarySettings { Base = 500_000, Scaling = RotaryScalingKind.Llama3, Factor = 8, LowFrequencyFactor = 1, HighFrequencyFactor = 4, OriginalContextLength = 16 }, a.Rotary);
        Assert.Equal([LinearKind.Gate, LinearKind.Up, LinearKind.Down], a.Biased);
    }

    [Fact]
    public void Fills_in_what_the_format_leaves_out()
    {
        DecoderArchitecture a = Read("""{"num_key_value_heads":null,"rope_theta":null,"max_position_embeddings":null}""");
        Assert.Equal(2, a.KeyValueHeadCount);
        Assert.Equal(4, a.HeadSize);
        Assert.Equal(10_000, a.Rotary.Base);
        Assert.Equal(2048, a.ContextLength);
        Assert.Equal([2, 3], a.EndTokens);
        Assert.Equal(1, a.BeginToken);
    }

    [Fact]
    public void Qwen2_has_biases_on_q_k_and_v()
    {
        DecoderArchitecture a = Read("""{"model_type":"qwen2","sliding_window":8,"use_sliding_window":false}""");
        Assert.Equal("qwen2", a.Family);
        Assert.Equal([LinearKind.Query, LinearKind.Key, LinearKind.Value], a.Biased);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("32")]
    public void Mistral_is_read_where_its_window_holds_the_context(string window)
    {
        DecoderArchitecture a = Read($$"""{"model_type":"mistral","sliding_window":{{window}}}""");
        Assert.Equal("mistral", a.Family);
        Assert.Empty(a.Biased);
    }

    [Fact]
    public void StableLm_has_layer_norms_and_turns_a_quarter_of_its_channels()
    {
        DecoderArchitecture a = Read("""{"model_type":"stablelm","head_dim":16,"layer_norm_eps":1e-4,"rms_norm_eps":null,"use_qkv_bias":true}""");
        Assert.Equal(NormKind.Layer, a.Norm);
        Assert.Equal(1e-4, a.NormEpsilon);
        Assert.Equal(4, a.Rotary.RotatedSize(a.HeadSize));
        Assert.Equal([LinearKind.Query, LinearKind.Key, LinearKind.Value], a.Biased);
        Assert.Equal(ActivationKind.Silu, a.Activation);
        Assert.Equal(1, a.EmbeddingScale);
        Assert.Equal(1e-5, Read("""{"model_type":"stablelm","head_dim":8}""").NormEpsilon);
        Assert.Empty(Read("""{"model_type":"stablelm","head_dim":8}""").Biased);
    }

    [Fact]
    public void Gemma_adds_one_to_gains_scales_its_embedding_and_ties_its_head()
    {
        DecoderArchitecture a = Read("""{"model_type":"gemma","head_dim":null,"hidden_act":null,"tie_word_embeddings":null}""");
        Assert.Equal(NormKind.RmsGainPlusOne, a.Norm);
        Assert.Equal(256, a.HeadSize);
        Assert.Equal(MathF.Sqrt(8), a.EmbeddingScale);
        Assert.True(a.TiedEmbeddings);
        Assert.Equal(ActivationKind.GeluTanh, a.Activation);
    }

    [Theory]
    [InlineData(ActivationKind.GeluTanh, """{"hidden_act":"gelu"}""")]
    [InlineData(ActivationKind.GeluTanh, """{"hidden_act":"gelu","hidden_activation":null}""")]
    [InlineData(ActivationKind.GeluTanh, """{"hidden_act":"gelu","hidden_activation":"gelu_pytorch_tanh"}""")]
    [InlineData(ActivationKind.GeluErf, """{"hidden_act":"gelu_pytorch_tanh","hidden_activation":"gelu"}""")]
    [InlineData(ActivationKind.Silu, """{"hidden_act":"silu"}""")]
    public void Gemma_means_the_tanh_form_where_its_first_files_say_gelu(ActivationKind expected, string changes) =>
        Assert.Equal(expected, Read("""{"model_type":"gemma",""" + changes[1..]).Activation);

    [Theory]
    [InlineData("MQ2004", "last 8 positions", """{"model_type":"mistral","sliding_window":8}""")]
    [InlineData("MQ2004", "use_parallel_residual", """{"model_type":"stablelm","use_parallel_residual":true}""")]
    [InlineData("MQ2004", "qk_layernorm", """{"model_type":"stablelm","qk_layernorm":true}""")]
    [InlineData("MQ2002", "layer_norm_eps", """{"model_type":"stablelm","head_dim":8,"layer_norm_eps":-1}""")]
    [InlineData("MQ2004", "1 of the 4 channels", """{"model_type":"stablelm"}""")]
    [InlineData("MQ2004", "5 of the 10 channels", """{"head_dim":10,"partial_rotary_factor":0.5}""")]
    [InlineData("MQ2004", "use_bidirectional_attention", """{"model_type":"gemma","use_bidirectional_attention":true}""")]
    [InlineData("MQ2004", "gemma2 has norms behind", """{"model_type":"gemma2"}""")]
    [InlineData("MQ2004", "gemma3 has norms behind", """{"model_type":"gemma3"}""")]
    [InlineData("MQ2004", "gemma3_text has norms behind", """{"model_type":"gemma3_text"}""")]
    [InlineData("MQ2004", "last 4096 positions", """{"model_type":"mistral","max_position_embeddings":8192}""")]
    [InlineData("MQ2004", "last 8 positions", """{"model_type":"qwen2","use_sliding_window":true,"sliding_window":8}""")]
    [InlineData("MQ2002", "max_position_embeddings", """{"model_type":"qwen2","max_position_embeddings":null}""")]
    [InlineData("MQ2003", "mamba", """{"model_type":"mamba"}""")]
    [InlineData("MQ2003", "model_type", """{"model_type":null}""")]
    [InlineData("MQ2002", "hidden_size", """{"hidden_size":null}""")]
    [InlineData("MQ2002", "hidden_size", """{"hidden_size":-8}""")]
    [InlineData("MQ2002", "hidden_size", """{"hidden_size":"8"}""")]
    [InlineData("MQ2002", "hidden_size", """{"hidden_size":8.5}""")]
    [InlineData("MQ2002", "hidden_size", """{"hidden_size":99999999999}""")]
    [InlineData("MQ2002", "num_attention_heads", """{"num_attention_heads":3,"num_key_value_heads":3}""")]
    [InlineData("MQ2002", "num_key_value_heads", """{"num_attention_heads":4,"num_key_value_heads":3}""")]
    [InlineData("MQ2004", "head size", """{"head_dim":3}""")]
    [InlineData("MQ2002", "rms_norm_eps", """{"rms_norm_eps":-1}""")]
    [InlineData("MQ2002", "bos_token_id", """{"bos_token_id":10}""")]
    [InlineData("MQ2002", "attention_bias", """{"attention_bias":1}""")]
    [InlineData("MQ2004", "relu", """{"hidden_act":"relu"}""")]
    [InlineData("MQ2004", "yarn", """{"rope_scaling":{"rope_type":"yarn","factor":2.0}}""")]
    [InlineData("MQ2002", "factor", """{"rope_scaling":{"rope_type":"linear"}}""")]
    [InlineData("MQ2002", "high_freq_factor", """{"rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":4.0,"high_freq_factor":4.0}}""")]
    public void Refuses_what_it_cannot_honour(string code, string named, string changes)
    {
        MobileQuantException e = Assert.Throws<MobileQuantException>(() => Read(changes));
        Assert.Equal(code, e.Code);
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
        Assert.Contains("config.json", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[1]")]
    [InlineData("{\"model_type\":")]
    public void Refuses_what_is_not_a_json_object(string text)
    {
        using CheckpointFolder folder = new();
        File.WriteAllText(Path.Combine(folder.Path, "config.json"), text);
        Assert.Equal("MQ2002", Assert.Throws<MobileQuantException>(() => CheckpointReader.Open(folder.Path)).Code);
    }

    private static DecoderArchitecture Read(string changes)
    {
        using CheckpointFolder folder = new();
        foreach ((string name, JsonNode? value) in JsonNode.Parse(changes)!.AsObject())
        {
            folder.Config[name] = value?.DeepClone();
        }

        folder.Write();
        using ICheckpoint checkpoint = CheckpointReader.Open(folder.Path);
        return checkpoint.Architecture;
    }
}
