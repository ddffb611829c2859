using System.Text.Json.Serialization;

namespace MobileQuant.Caching;

/// <summary>Serialization of what the store keeps on disk, without reflection: a cache hit must start fast.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(StoreEntry))]
[JsonSerializable(typeof(StoreLockOwner))]
[JsonSerializable(typeof(Dictionary<string, FileDigest>))]
internal sealed partial class CachingJson : JsonSerializerContext;
