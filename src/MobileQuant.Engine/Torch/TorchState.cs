namespace MobileQuant.Torch;

/// <summary>Where the native libraries of TorchSharp stand on this machine.</summary>
/// <param name="IsLoaded">Whether this process has loaded them.</param>
/// <param name="Package">The libtorch package for this machine, or null where there is none.</param>
/// <param name="TorchSharpVersion">Version of the managed assembly.</param>
/// <param name="LibtorchFolder">Where libtorch lies, or null when it must be fetched first.</param>
/// <param name="BindingPath">The LibTorchSharp library, or null when it was not found.</param>
/// <param name="IsAdapted">Whether the loaded LibTorchSharp is a copy adapted to this system's libstdc++.</param>
/// <param name="DataFolder">Where fetched and adapted libraries are kept.</param>
public sealed record TorchState(
    bool IsLoaded,
    string? Package,
    string TorchSharpVersion,
    string? LibtorchFolder,
    string? BindingPath,
    bool IsAdapted,
    string DataFolder);
