using MobileQuant.Caching;

namespace MobileQuant.Tests.Caching;

public sealed class FingerprintTests
{
    [Fact]
    public void The_key_covers_names_digests_and_order_and_not_the_text()
    {
        FingerprintEntry a = Fingerprint.Setting("precision", "W8A8");
        FingerprintEntry b = Fingerprint.Setting("recipe", "SmoothQuant");

        string key = new Fingerprint([a, b]).Key;

        Assert.Matches("^[0-9a-f]{64}$", key);
        Assert.Equal(key, new Fingerprint([a with { Text = "other words" }, b]).Key);
        Assert.NotEqual(key, new Fingerprint([b, a]).Key);
        Assert.NotEqual(key, new Fingerprint([a with { Name = "precision2" }, b]).Key);
        Assert.NotEqual(key, new Fingerprint([a with { Sha256 = b.Sha256 }, b]).Key);
    }

    [Fact]
    public void Moving_a_character_between_names_changes_the_key()
    {
        FingerprintEntry entry = Fingerprint.Setting("ab", "c");

        Assert.NotEqual(new Fingerprint([entry with { Sha256 = "c" }]).Key, new Fingerprint([entry with { Name = "a", Sha256 = "bc" }]).Key);
    }
}
