namespace MobileQuant.StandInTool;

/// <summary>The arguments of <c>quantize</c>, read as strictly as the contract allows.</summary>
internal sealed class Arguments
{
    private static readonly string[] s_valued =
    [
        "--output", "--recipe", "--precision", "--activations", "--target", "--wide-sites", "--prefix", "--weights", "--granularity", "--override", "--alpha", "--rounding", "--settings",
        "--evaluation-text", "--max-perplexity-increase", "--min-sqnr", "--calibration", "--base-directory", "--seed", "--threads", "--cache-directory", "--remote-cache", "--parent",
    ];

    private static readonly string[] s_flags = ["--force", "--no-cache", "--remote-cache-read-only", "--require-cached", "--offline", "--events"];

    private readonly Dictionary<string, List<string>> _values = [];

    public string Checkpoint { get; private set; } = string.Empty;

    public string Output => Value("--output");

    public string CacheDirectory => Value("--cache-directory");

    public int Parent => int.Parse(Value("--parent"));

    public static bool IsPackage(string checkpoint) => checkpoint.StartsWith("package:", StringComparison.Ordinal);

    public bool Has(string flag) => _values.ContainsKey(flag);

    public string Value(string option) => _values.TryGetValue(option, out List<string>? values) ? values[^1] : string.Empty;

    public IReadOnlyList<string> Values(string option) => _values.TryGetValue(option, out List<string>? values) ? values : [];

    public static Arguments? Parse(string[] lines, out string? problem)
    {
        Arguments arguments = new();
        problem = null;
        for (int i = 0; i < lines.Length; i++)
        {
            string name = lines[i];
            if (s_flags.Contains(name))
            {
                arguments._values[name] = [];
            }
            else if (s_valued.Contains(name) && i + 1 < lines.Length)
            {
                if (!arguments._values.TryGetValue(name, out List<string>? values))
                {
                    arguments._values[name] = values = [];
                }

                values.Add(lines[++i]);
            }
            else if (i == 0 && (Directory.Exists(name) || File.Exists(name) || IsPackage(name)))
            {
                arguments.Checkpoint = name;
            }
            else
            {
                problem = $"unexpected argument '{name}'";
                return null;
            }
        }

        string[] required = ["--output", "--recipe", "--precision", "--activations", "--target", "--wide-sites", "--prefix", "--weights", "--granularity", "--rounding", "--seed", "--base-directory", "--events", "--parent", "--cache-directory"];
        string? missing = arguments.Checkpoint.Length == 0 ? "checkpoint" : required.FirstOrDefault(name => !arguments.Has(name));
        problem = missing is null ? null : $"missing argument {missing}";
        return missing is null ? arguments : null;
    }
}
