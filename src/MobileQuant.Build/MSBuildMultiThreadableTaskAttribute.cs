namespace Microsoft.Build.Framework;

/// <summary>
/// Says that a task may run beside others in one process: it uses absolute paths only and changes neither the current folder nor
/// the environment. MSBuild looks for the name, because the assembly that this project compiles against is older than the attribute.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
internal sealed class MSBuildMultiThreadableTaskAttribute : Attribute;
