using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using MobileQuant.Text;

namespace MobileQuant.Tests.Text.Templates;

public sealed class ChatTemplateTests
{
    private static readonly ChatMessage[] Conversation = [new("user", "Hello"), new("assistant", "Hi."), new("user", "Bye")];

    [Theory]
    [InlineData("a\n{{ 'x }}", "MQ2120", 2)]
    [InlineData("{% if x %}\n\n", "MQ2120", 2)]
    [InlineData("\n\n{% include 'file' %}", "MQ2120", 3)]
    [InlineData("{{ x | nofilter }}", "MQ2120", 1)]
    [InlineData("{{ x is notest }}", "MQ2120", 1)]
    [InlineData("{% for x in y recursive %}{% endfor %}", "MQ2120", 1)]
    [InlineData("{% break %}", "MQ2120", 1)]
    [InlineData("{{ (1 }}", "MQ2120", 1)]
    [InlineData("{{ f(*a) }}", "MQ2120", 1)]
    [InlineData("{# never ends", "MQ2120", 1)]
    [InlineData("{{ 99999999999999999999 }}", "MQ2120", 1)]
    [InlineData("\n{{ messages[0].x.y }}", "MQ2121", 2)]
    [InlineData("{{ 9223372036854775807 + 1 }}", "MQ2121", 1)]
    [InlineData("{{ messages[0].__class__.__base__ }}", "MQ2121", 1)]
    [InlineData("\n{{ raise_exception('no') }}", "MQ2123", 2)]
    public void A_failure_names_its_line(string source, string code, int line)
    {
        MobileQuantException error = Assert.Throws<MobileQuantException>(() => ChatTemplate.Parse(source).Render(Conversation));

        Assert.Equal(code, error.Code);
        Assert.Contains($"line {line}", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Remedy);
    }

    [Theory]
    [InlineData("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x='a') %}{% for a in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for a in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for a in range(5000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x | tojson }}")]
    [InlineData("{% set ns = namespace(x=[1], y=[1]) %}{% for a in range(5000) %}{% set ns.x = [ns.x] %}{% set ns.y = [ns.y] %}{% endfor %}{{ ns.x == ns.y }}")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{% macro m(x) %}{{ m(m(x) ~ x) }}{% endmacro %}{{ m('x') }}")]
    [InlineData("{{ 'a' * 999999999 }}")]
    [InlineData("{{ [1] * 9223372036854775807 }}")]
    [InlineData("{{ range(9223372036854775807) }}")]
    [InlineData("{% for a in range(50000) %}{{ 'a' * 1000 }}{% endfor %}")]
    [InlineData("{% set t = 'a' * 1000000 %}{% for a in range(100000) %}{% if t + 'b' == t + 'c' %}{% endif %}{% endfor %}")]
    [InlineData("{% set t = 'a' * 1000000 %}{% set u = 'a' * 500000 + 'b' %}{% for a in range(1000) %}{{ u in t }}{% endfor %}")]
    [InlineData("{% set t = 'a' * 1000000 %}{% for a in range(100000) %}{{ t | length }}{% endfor %}")]
    [InlineData("{% set t = 'a' * 10000 %}{{ t.replace('a', t) }}")]
    [InlineData("{% set t = ['a' * 10000] * 10000 %}{{ t | join('') }}")]
    [InlineData("{% set t = range(100000) | list %}{% for a in t %}{{ t | sort | length }}{% endfor %}")]
    [InlineData("{{ [1] | tojson(indent=16) }}{% set t = range(100000) | list %}{% for a in range(99) %}{{ t | tojson(indent=16) }}{% endfor %}")]
    public void A_hostile_template_meets_a_limit_soon(string source)
    {
        ChatTemplate template = ChatTemplate.Parse(source);
        Stopwatch clock = Stopwatch.StartNew();

        Assert.Equal("MQ2122", Assert.Throws<MobileQuantException>(() => template.Render(Conversation)).Code);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 10);
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("not ", "")]
    [InlineData("-", "")]
    [InlineData("", ".a")]
    [InlineData("", "+1")]
    [InlineData("", "|trim")]
    [InlineData("(x if ", " else y)")]
    [InlineData("", "(1)")]
    public void Deep_expressions_meet_a_limit(string before, string after)
    {
        const int depth = 20_000;
        string source = "{{ " + string.Concat(Enumerable.Repeat(before, depth)) + "x" + string.Concat(Enumerable.Repeat(after, depth)) + " }}";

        string code = RunOnSmallStack(() => Assert.Throws<MobileQuantException>(() => ChatTemplate.Parse(source).Render(Conversation)).Code);

        Assert.Contains(code, (string[])["MQ2121", "MQ2122"]);
    }

    [Fact]
    public void Deep_blocks_and_long_templates_meet_a_limit()
    {
        string deep = string.Concat(Enumerable.Repeat("{% if 1 %}", 5000)) + string.Concat(Enumerable.Repeat("{% endif %}", 5000));
        Assert.Equal("MQ2122", Assert.Throws<MobileQuantException>(() => ChatTemplate.Parse(deep)).Code);
        Assert.Equal("MQ2122", Assert.Throws<MobileQuantException>(() => ChatTemplate.Parse(new string(' ', 1 << 20))).Code);
    }

    [Fact]
    public void A_long_conversation_stays_far_from_the_limits()
    {
        string line = string.Concat(Enumerable.Repeat("Some words to say. ", 50));
        ChatMessage[] messages = [.. Enumerable.Range(0, 2000).Select(i => new ChatMessage(i % 2 == 0 ? "user" : "assistant", line))];

        string text = ChatTemplate.Parse("{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] | trim + '<|im_end|>' + '\n' }}{% endfor %}").Render(messages);

        Assert.True(text.Length > 1_900_000);
    }

    [Fact]
    public void The_file_wins_over_the_config_and_names_of_tokens_are_variables()
    {
        byte[] tokenizer = "{}"u8.ToArray();
        byte[] config = """{"bos_token": {"content": "<b>", "__type": "AddedToken"}, "eos_token": "</b>", "chat_template": [{"name": "tool_use", "template": "T"}, {"name": "default", "template": "{{ bos_token }}C{{ eos_token }}"}]}"""u8.ToArray();

        Assert.Equal("<b>C</b>", Read(new(tokenizer, config)));
        Assert.Equal("F<b>", Read(new(tokenizer, config, "F{{ bos_token }}"u8.ToArray())));
        Assert.Equal("S", Read(new(tokenizer, """{"chat_template": "S{{ bos_token }}"}"""u8.ToArray())));
        Assert.Null(Read(new(tokenizer, "{}"u8.ToArray())));
        Assert.Null(Read(new(tokenizer)));
        Assert.Equal("MQ2124", Fails(new(tokenizer, """{"chat_template": 5}"""u8.ToArray())));
        Assert.Equal("MQ2124", Fails(new(tokenizer, """{"chat_template": [{"name": "rag", "template": "T"}]}"""u8.ToArray())));
        Assert.Equal("MQ2101", Fails(new(tokenizer, """{"chat_template": [{"name": "default"}]}"""u8.ToArray())));
        Assert.Equal("MQ2124", Fails(new(tokenizer, null, new byte[] { 0xFF, 0xFE, 0x00 })));

        static string? Read(TokenizerFiles files) => ChatTemplate.FromFiles(files)?.Render(Conversation);

        static string Fails(TokenizerFiles files) => Assert.Throws<MobileQuantException>(() => Read(files)).Code;
    }

    [Fact]
    public void Variables_of_the_caller_are_seen()
    {
        ChatTemplate template = ChatTemplate.Parse("{% if enable_thinking is defined and not enable_thinking %}off{% endif %}{{ tools | tojson }}");

        Assert.Equal("off[{\"a\": 1.5, \"b\": null}]", template.Render(Conversation, variables: new JsonObject { ["enable_thinking"] = false, ["tools"] = new JsonArray(new JsonObject { ["a"] = 1.5, ["b"] = null }) }));
    }

    /// <summary>Pieces of templates in random order, and random damage to real ones: only one kind of exception ever comes out, and soon.</summary>
    [Fact]
    public void Random_templates_never_do_harm()
    {
        string[] pieces =
        [
            "{{", "}}", "{%", "%}", "{#", "#}", "-", "if ", "else", "endif", "for ", "in ", "endfor", "set ", "endset", "macro ", "endmacro", "m(", ")", "x", "y", "loop", ".",
            "[", "]", "{", "}", "(", ":", ",", "=", "==", "<", "|", "is ", "not ", "and ", "or ", "none", "true", "1", "0", "99999", "1.5", "'a'", "\"", "'", "\\", "\n", " ",
            "messages", "namespace(", "range(", "~", "+", "*", "**", "//", "%", "trim", "join", "map", "select", "tojson", "length", "replace", "split", "strip", "items", "raw", "endraw",
            "call ", "endcall", "caller()", "filter ", "endfilter", "with ", "endwith", "generation", "endgeneration", "defined", "string", "content", "role", "🙂", "\0", "sort", "indent", "9e99",
        ];
        string[] seeds = [.. JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "templates.json")))!.AsArray().Select(test => test!["template"]!.GetValue<string>())];
        Random random = new(20240726);
        Stopwatch clock = Stopwatch.StartNew();
        TimeSpan slowest = TimeSpan.Zero;
        int count = 0;
        int rendered = 0;
        while (clock.Elapsed < TimeSpan.FromSeconds(4))
        {
            string source = count % 2 == 0 ? Assemble(random, pieces) : Damage(random, seeds[random.Next(seeds.Length)], pieces);
            TimeSpan start = clock.Elapsed;
            try
            {
                ChatTemplate.Parse(source).Render(Conversation, variables: new JsonObject { ["x"] = random.Next(3), ["y"] = new JsonArray("a", 1) });
                rendered++;
            }
            catch (MobileQuantException e)
            {
                Assert.StartsWith("MQ21", e.Code, StringComparison.Ordinal);
            }

            slowest = clock.Elapsed - start > slowest ? clock.Elapsed - start : slowest;
            count++;
        }

        Assert.True(count > 1000 && rendered > 100, $"{count} templates, {rendered} rendered");
        Assert.InRange(slowest.TotalSeconds, 0, 5);
    }

    private static string Assemble(Random random, string[] pieces)
    {
        StringBuilder source = new(random.Next(2) == 0 ? "{{" : "{%");
        int length = random.Next(1, 40);
        for (int i = 0; i < length; i++)
        {
            source.Append(pieces[random.Next(pieces.Length)]);
        }

        return source.ToString();
    }

    private static string Damage(Random random, string source, string[] pieces)
    {
        StringBuilder damaged = new(source);
        int times = random.Next(1, 4);
        for (int i = 0; i < times && damaged.Length > 0; i++)
        {
            int at = random.Next(damaged.Length);
            if (random.Next(2) == 0)
            {
                damaged.Remove(at, Math.Min(random.Next(1, 6), damaged.Length - at));
            }
            else
            {
                damaged.Insert(at, pieces[random.Next(pieces.Length)]);
            }
        }

        return damaged.ToString();
    }

    /// <summary>As small as the stack of a thread on some phones.</summary>
    private static string RunOnSmallStack(Func<string> action)
    {
        string result = "";
        Thread thread = new(() => result = action(), 512 * 1024);
        thread.Start();
        thread.Join();
        return result;
    }
}
