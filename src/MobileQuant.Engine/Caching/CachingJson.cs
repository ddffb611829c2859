using System.Text.Json.Serialization;
using MobileQuant.Caching.Remote;
using MobileQuant.Evaluation.Quality;

namespace MobileQuant.Caching;

/// <summary>Serialization of what the store keeps on disk, without reflection: a cache hit must start fast.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    WriteIndented = true)]
[JsonSerializable(typeof(StoreEntry))]
[JsonSerializable(typeof(QualityMeasurement))]
[JsonSerializable(typeof(StoreLockOwner))]
[JsonSerializable(typeof(StoreCounts))]
[JsonSerializable(typeof(RemoteManifest))]
[JsonSerializable(typeof(LeaseValue))]
[JsonSerializable(typeof(Dictionary<string, FileDigest>))]
internal sealed partial class CachingJson : JsonSerializerContext;
