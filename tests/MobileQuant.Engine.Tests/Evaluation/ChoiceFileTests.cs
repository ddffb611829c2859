using MobileQuant.Evaluation;
using MobileQuant.Tests.Caching;

namespace MobileQuant.Tests.Evaluation;

public class ChoiceFileTests
{
    [Fact]
    public void Questions_are_read_in_order_up_to_the_limit()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("q.jsonl", """
            {"context": "The sky is", "choices": ["blue", "loud"], "answer": 0, "source": "made up"}

            {"answer": 2, "choices": ["a", "b", " c"], "context": ""}
            broken
            """);

        IReadOnlyList<ChoiceQuestion> questions = ChoiceFile.Read(path, limit: 2);

        Assert.Equal(["The sky is", ""], questions.Select(question => question.Context));
        Assert.Equal(["a", "b", " c"], questions[1].Choices);
        Assert.Equal([0, 2], questions.Select(question => question.Answer));
        Assert.Contains("q.jsonl(4): ", Assert.Throws<MobileQuantException>(() => ChoiceFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[1]", "found an array")]
    [InlineData("""{"choices": ["a", "b"], "answer": 0}""", "a string 'context'")]
    [InlineData("""{"context": 7, "choices": ["a", "b"], "answer": 0}""", "a string 'context'")]
    [InlineData("""{"context": "", "answer": 0}""", "an array 'choices'")]
    [InlineData("""{"context": "", "choices": ["a"], "answer": 0}""", "two strings or more")]
    [InlineData("""{"context": "", "choices": ["a", null], "answer": 0}""", "'choices[1]' is null")]
    [InlineData("""{"context": "", "choices": [" ", "b"], "answer": 0}""", "'choices[0]' is blank")]
    [InlineData("""{"context": "", "choices": ["a", "b"]}""", "a whole number 'answer'")]
    [InlineData("""{"context": "", "choices": ["a", "b"], "answer": "0"}""", "a whole number 'answer'")]
    [InlineData("""{"context": "", "choices": ["a", "b"], "answer": 0.5}""", "a whole number 'answer'")]
    [InlineData("""{"context": "", "choices": ["a", "b"], "answer": 2}""", "expected 0 to 1")]
    [InlineData("""{"context": "", "choices": ["a", "b"], "answer": -1}""", "expected 0 to 1")]
    public void A_line_that_is_no_question_is_named(string line, string message)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("q.jsonl", "\n" + line + "\n");

        MobileQuantException error = Assert.Throws<MobileQuantException>(() => ChoiceFile.Read(path));

        Assert.Equal("MQ1012", error.Code);
        Assert.Contains("q.jsonl(2): ", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
