namespace MobileQuant;

/// <summary>Where an artifact came from that did not have to be made.</summary>
public enum ArtifactSource
{
    /// <summary>The content store of this machine.</summary>
    Store,

    /// <summary>The remote cache.</summary>
    Remote,

    /// <summary>A package that carries it.</summary>
    Package,
}
