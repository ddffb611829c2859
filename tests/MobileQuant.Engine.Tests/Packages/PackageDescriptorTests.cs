using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MobileQuant.Packages;

namespace MobileQuant.Tests.Packages;

public sealed class PackageDescriptorTests
{
    [Theory]
    [InlineData("../evil.json")]
    [InlineData("checkpoint/tiny/../../evil.json")]
    [InlineData("/etc/evil.json")]
    [InlineData("checkpoint\\tiny\\evil.json")]
    [InlineData("C:/evil.json")]
    [InlineData("checkpoint/tiny/evil.json ")]
    [InlineData("checkpoint/tiny//evil.json")]
    [InlineData("checkpoint/tiny/.")]
    [InlineData("checkpoint/tiny/evil\n.json")]
    [InlineData("checkpoint/other/evil.json")]
    [InlineData("checkpoint/tinyevil.json")]
    [InlineData("")]
    public void Refuses_a_file_that_is_not_below_the_root_everywhere(string path)
    {
        JsonObject descriptor = new CraftedPackage().Descriptor!;
        descriptor["files"]!.AsArray().Add(CraftedPackage.Describe(path, []));
        Assert.Throws<InvalidDataException>(() => Read(descriptor));
    }

    [Theory]
    [InlineData("format", "2")]
    [InlineData("kind", "\"Program\"")]
    [InlineData("kind", "7")]
    [InlineData("root", "null")]
    [InlineData("root", "\"..\"")]
    [InlineData("files", "[]")]
    [InlineData("files", "null")]
    [InlineData("files", "[null]")]
    [InlineData("files", """[{"path":"checkpoint/tiny/a","bytes":-1,"sha256":"0000000000000000000000000000000000000000000000000000000000000000"}]""")]
    [InlineData("files", """[{"path":"checkpoint/tiny/a","bytes":1,"sha256":"00"}]""")]
    [InlineData("files", """[{"path":"checkpoint/tiny/a","bytes":1e300,"sha256":"00"}]""")]
    public void Refuses_a_member_that_says_something_else(string member, string value)
    {
        JsonObject descriptor = new CraftedPackage().Descriptor!;
        descriptor[member] = JsonNode.Parse(value);
        Assert.Throws<InvalidDataException>(() => Read(descriptor));
    }

    [Fact]
    public void Refuses_the_same_file_twice_and_a_model_of_two_files()
    {
        JsonObject twice = new CraftedPackage().Descriptor!;
        twice["files"]!.AsArray().Add(CraftedPackage.Describe("checkpoint/tiny/CONFIG.json", []));
        Assert.Throws<InvalidDataException>(() => Read(twice));

        JsonObject model = new CraftedPackage().Descriptor!;
        model["kind"] = "model";
        Assert.Throws<InvalidDataException>(() => Read(model));
    }

    [Fact]
    public void Reads_what_it_wrote()
    {
        PackageDescriptor descriptor = Read(new CraftedPackage().Descriptor!);
        Assert.Equal(PackageKind.Checkpoint, descriptor.Kind);
        Assert.Equal(["checkpoint/tiny/config.json", "checkpoint/tiny/model.safetensors"], descriptor.Files.Select(file => file.Path));
        PackageDescriptor again = PackageDescriptor.Read(descriptor.Write());
        Assert.Equal(descriptor.Files, again.Files);
        Assert.Equal(descriptor.Write(), again.Write());
    }

    /// <summary>Whatever bytes come: a descriptor whose files are below the package, or the one exception.</summary>
    [Fact]
    public void Survives_any_bytes()
    {
        byte[] whole = JsonSerializer.SerializeToUtf8Bytes(new CraftedPackage().Descriptor);
        Random random = new(7);
        int read = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = [.. whole];
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(32, 127);
            }

            try
            {
                PackageDescriptor descriptor = PackageDescriptor.Read(random.Next(10) == 0 ? bytes.AsSpan(0, random.Next(bytes.Length)) : bytes);
                read++;
                string folder = Path.GetFullPath("package");
                Assert.All(descriptor.Files, file => Assert.StartsWith(folder + Path.DirectorySeparatorChar, Path.GetFullPath(file.Path, folder), StringComparison.Ordinal));
            }
            catch (InvalidDataException)
            {
            }
        }

        Assert.InRange(read, 1, 19_999);
    }

    private static PackageDescriptor Read(JsonObject descriptor) => PackageDescriptor.Read(Encoding.UTF8.GetBytes(descriptor.ToJsonString()));
}
