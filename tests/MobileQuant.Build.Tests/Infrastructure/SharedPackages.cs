namespace MobileQuant.Build.Tests.Infrastructure;

/// <summary>Tests with the real tool share one packing and one quantization.</summary>
[CollectionDefinition(nameof(SharedPackages))]
public sealed class SharedPackages : ICollectionFixture<PackagedSample>;
