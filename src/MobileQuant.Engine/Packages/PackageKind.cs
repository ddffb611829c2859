using System.Text.Json.Serialization;

namespace MobileQuant.Packages;

/// <summary>What a package carries.</summary>
internal enum PackageKind
{
    /// <summary>A checkpoint, to be quantized where it is used.</summary>
    [JsonStringEnumMemberName("checkpoint")]
    Checkpoint,

    /// <summary>An artifact, to be used as it is.</summary>
    [JsonStringEnumMemberName("model")]
    Model,
}
