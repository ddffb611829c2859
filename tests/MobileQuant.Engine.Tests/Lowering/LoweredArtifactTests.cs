using System.Text;
using MobileQuant.Artifacts;
using MobileQuant.Programs;
using MobileQuant.Quantization;

namespace MobileQuant.Tests.Lowering;

public sealed class LoweredArtifactTests : IDisposable
{
    private readonly LoweredModel _model = new(LoweredModel.Request("W4A8"));
    private readonly string _folder = Directory.CreateTempSubdirectory("mobilequant-artifact-").FullName;

    [Fact]
    public void Writing_twice_gives_the_same_bytes()
    {
        string again = Path.Combine(_folder, "again.mq.safetensors");
        _model.Write(again);
        Assert.Equal(File.ReadAllBytes(_model.Path), File.ReadAllBytes(again));
    }

    [Fact]
    public void The_manifest_tells_how_the_model_was_made_and_proves_its_accumulators()
    {
        ArtifactManifest manifest = _model.Integer.Manifest!;
        Assert.Null(manifest.Environment);
        Assert.Equal("W4A8", manifest.Precision);
        Assert.Equal("asymmetric", manifest.Weights);
        Assert.Equal("RoundToNearest", manifest.Recipe);
        Assert.Equal(1_988_640, manifest.Parameters);
        Assert.Equal([2], manifest.EndOfTextIds);
        Assert.InRange(manifest.Program.ResidualBound, 1L << 30, (1L << 31) - 1);
        Assert.All(manifest.Program.Layers.SelectMany(l => l.Linears.Values), l => Assert.InRange(l.AccumulatorBound, 1, (1L << 31) - 1));
    }

    [Fact]
    public void An_artifact_that_does_not_say_what_it_was_made_on_is_as_good_as_one_that_does()
    {
        // What was written before there was such a member.
        string old = ManifestJson.Format(_model.Integer.Manifest!);
        Assert.DoesNotContain("environment", old, StringComparison.Ordinal);
        Assert.Null(ManifestJson.Parse(old).Environment);

        ManifestEnvironment environment = new("GenuineIntel family 6 model 158", ["avx2"], "cpu", "linux-x64", ".NET 10.0", "0.107.0", "2.10.0");
        string path = Path.Combine(_folder, "told.mq.safetensors");
        _model.Write(path, environment);
        using QuantizedModel told = QuantizedModel.Open(path, verifyWeights: true);
        Assert.Equal(environment.Processor, told.Manifest!.Environment!.Processor);
        Assert.Equal(_model.Integer.Manifest!.FormatVersion, told.Manifest.FormatVersion);
        Assert.Equal(Generate(_model.Integer), Generate(told));
    }

    [Fact]
    public void An_artifact_may_mix_layouts_and_says_so()
    {
        Assert.Equal(ArtifactManifest.OldestFormatVersion, _model.Integer.Manifest!.FormatVersion);
        using LoweredModel mixed = new(LoweredModel.Request("W4B64A8") with { Overrides = WeightOverrides.Parse("DOWN=w8;layers.1.attention.o=W4B32") });
        ArtifactManifest manifest = mixed.Integer.Manifest!;
        Assert.Equal(2, manifest.FormatVersion);
        Assert.Equal("W4B64A8", manifest.Precision);
        Assert.Equal("layers.*.mlp.down=W8; layers.1.attention.o=W4B32", manifest.RecipeSettings["overrides"]);
        for (int i = 0; i < manifest.Program.Layers.Count; i++)
        {
            foreach ((string name, ManifestLinear linear) in manifest.Program.Layers[i].Linears)
            {
                Assert.Equal(name == "down" ? WeightFormat.S8 : name == "o" && i == 1 ? WeightFormat.S4B32 : WeightFormat.S4B64, linear.Format);
                Assert.False(linear.HasZeroPoints);
                Assert.InRange(linear.AccumulatorBound, 1, (1L << 31) - 1);
            }
        }

        Assert.StartsWith(", there was", Generate(mixed.Integer), StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_start_on_cache_lines_and_leave_no_holes()
    {
        using SafetensorsFile file = SafetensorsFile.Open(_model.Path);
        long end = file.Tensors.Values.Min(t => t.Offset);
        Assert.Equal(0, end % 4096);
        foreach (TensorEntry tensor in file.Tensors.Values.OrderBy(t => t.Offset))
        {
            Assert.Equal(end, tensor.Offset);
            Assert.True(tensor.Name.StartsWith("filler.", StringComparison.Ordinal) || tensor.Offset % 64 == 0, tensor.Name);
            end += tensor.Length;
        }

        Assert.Equal(file.Length, end);
    }

    [Fact]
    public void A_greedy_story_is_a_story() =>
        Assert.StartsWith(", there was a little", Generate(_model.Integer), StringComparison.Ordinal);

    [Fact]
    public void The_file_stays_mapped_while_a_session_reads_it()
    {
        QuantizedModel model = QuantizedModel.Open(_model.Path);
        using GenerationSession session = model.CreateSession();
        model.Dispose();
        Assert.StartsWith(", there was", string.Concat(session.Generate("Once upon a time", new() { MaxTokens = 5, Temperature = 0 })), StringComparison.Ordinal);
    }

    [Fact]
    public void A_flipped_bit_anywhere_is_one_clear_error_or_leaves_every_digest_intact()
    {
        byte[] good = File.ReadAllBytes(_model.Path);
        string path = Path.Combine(_folder, "flipped.mq.safetensors");
        Random random = new(3);
        int headerEnd = (int)BitConverter.ToInt64(good) + 8;
        for (int i = 0; i < 150; i++)
        {
            int at = i < 60 ? random.Next(headerEnd) : random.Next(headerEnd, good.Length);
            byte[] bad = [.. good];
            bad[at] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(path, bad);
            try
            {
                using QuantizedModel model = QuantizedModel.Open(path, verifyWeights: true);
                Assert.True(at < headerEnd, $"byte {at} of the tensors was flipped, and nobody noticed");
                Assert.Equal(Generate(_model.Integer), Generate(model));
            }
            catch (MobileQuantException e)
            {
                Assert.Matches("^MQ(20|60)[0-9]{2}$", e.Code);
            }
        }
    }

    [Fact]
    public void A_truncated_artifact_is_one_clear_error()
    {
        byte[] good = File.ReadAllBytes(_model.Path);
        string path = Path.Combine(_folder, "short.mq.safetensors");
        foreach (int length in (int[])[0, 4, 8, 9, 1000, good.Length / 2, good.Length - 1])
        {
            File.WriteAllBytes(path, good[..length]);
            Assert.Throws<MobileQuantException>(() => QuantizedModel.Open(path));
            Assert.False(ArtifactFile.IsArtifact(path) && length < 1000);
        }
    }

    [Fact]
    public void Another_format_version_is_named()
    {
        byte[] bytes = File.ReadAllBytes(_model.Path);
        int at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes("formatVersion\\\":1"));
        Assert.True(at > 0);
        bytes[at + "formatVersion\\\":".Length] = (byte)'7';
        string path = Path.Combine(_folder, "future.mq.safetensors");
        File.WriteAllBytes(path, bytes);
        MobileQuantException e = Assert.Throws<MobileQuantException>(() => QuantizedModel.Open(path));
        Assert.Equal("MQ6001", e.Code);
        Assert.Contains("format 7", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plain_safetensors_file_is_not_an_artifact()
    {
        string checkpoint = Path.Combine(SharedData.DefaultModel, "model.safetensors");
        Assert.False(ArtifactFile.IsArtifact(checkpoint));
        Assert.Equal("MQ6000", Assert.Throws<MobileQuantException>(() => QuantizedModel.Open(checkpoint)).Code);
    }

    public void Dispose()
    {
        _model.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string Generate(QuantizedModel model)
    {
        using GenerationSession session = model.CreateSession();
        return string.Concat(session.Generate("Once upon a time", new() { MaxTokens = 20, Temperature = 0 }));
    }
}
