using MobileQuant.Calibration;
using MobileQuant.Text;

namespace MobileQuant.Tests.Calibration;

public sealed class CalibrationCorpusTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mq-corpus-").FullName;
    private readonly TextTokenizer _tokenizer = TextTokenizer.FromFolder(SharedData.DefaultModel);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Windows_do_not_overlap_and_follow_the_seed()
    {
        string file = Write("a.txt", string.Join(' ', Enumerable.Range(0, 400).Select(i => "word" + i)));
        CalibrationSet set = CalibrationCorpus.Read([file], _tokenizer, count: 10, length: 32, seed: 1);
        Assert.Equal(10, set.Windows.Count);
        Assert.Equal(set.Windows, CalibrationCorpus.Read([file], _tokenizer, 10, 32, seed: 1).Windows);
        Assert.NotEqual(set.Windows, CalibrationCorpus.Read([file], _tokenizer, 10, 32, seed: 2).Windows);
        Assert.Equal(10, set.Windows.Select(w => string.Join(',', w.Skip(1))).Distinct().Count());
        Assert.Equal(3, set.Windows.Count(w => w[0] == _tokenizer.BeginOfTextId));
    }

    [Fact]
    public void Json_lines_give_the_same_windows_as_their_text()
    {
        string text = string.Join(' ', Enumerable.Range(0, 200).Select(i => "word" + i));
        string lines = Write("a.jsonl", $$"""{"text":"{{text}}","other":1}""" + "\n\n" + $$"""{"text":"{{text}}"}""" + "\n");
        string plain = Write("a.txt", text + "\n\n" + text + "\n\n");
        Assert.Equal(
            CalibrationCorpus.Read([plain], _tokenizer, 100, 16, seed: 1).Windows,
            CalibrationCorpus.Read([lines], _tokenizer, 100, 16, seed: 1).Windows);
    }

    [Theory]
    [InlineData("MQ3011", "a.txt", "")]
    [InlineData("MQ3012", "a.txt", "too short")]
    [InlineData("MQ3010", "a.jsonl", "{\"text\":")]
    [InlineData("MQ3010", "a.jsonl", "{\"body\":\"x\"}")]
    [InlineData("MQ3010", "a.jsonl", "{\"text\":5}")]
    [InlineData("MQ3011", "a.jsonl", "\n\n")]
    public void Refuses_text_that_cannot_calibrate(string code, string name, string content)
    {
        string file = Write(name, content);
        MobileQuantException e = Assert.Throws<MobileQuantException>(() => CalibrationCorpus.Read([file], _tokenizer, 4, 64, seed: 1));
        Assert.Equal(code, e.Code);
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_a_file_that_is_not_there() => Assert.Equal(
        "MQ3010", Assert.Throws<MobileQuantException>(() => CalibrationCorpus.Read([Path.Combine(_folder, "none.txt")], _tokenizer, 4, 64, seed: 1)).Code);

    private string Write(string name, string content)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }
}
