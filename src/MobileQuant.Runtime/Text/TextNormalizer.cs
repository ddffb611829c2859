using System.Text;

namespace MobileQuant.Text;

/// <summary>The normalizers of a tokenizer.json, run in order over each stretch of text between added tokens.</summary>
internal sealed class TextNormalizer
{
    // A few replacements that each grow the text would turn a small prompt into gigabytes.
    private const int LargestGrowth = 64;

    private readonly List<Func<string, string>> _steps = [];
    private readonly string _path;

    private TextNormalizer(string path) => _path = path;

    /// <summary>Reads <c>normalizer</c>, which may be null.</summary>
    public static TextNormalizer Read(JsonPart? part)
    {
        TextNormalizer normalizer = new(part?.Path ?? string.Empty);
        if (part is { } root)
        {
            normalizer.Add(root);
        }

        return normalizer;
    }

    public string Normalize(string text)
    {
        string normalized = text;
        foreach (Func<string, string> step in _steps)
        {
            normalized = step(normalized);
            if (normalized.Length / LargestGrowth > text.Length + LargestGrowth)
            {
                throw TokenizerErrors.Unsupported(_path, $"a normalizer that makes a text {LargestGrowth} times as long");
            }
        }

        return normalized;
    }

    private void Add(JsonPart part)
    {
        switch (part.Type)
        {
            case "Sequence":
                part.AllowOnly("type", "normalizers");
                foreach (JsonPart step in part.Required("normalizers").Items())
                {
                    Add(step);
                }

                break;
            case "Prepend":
                part.AllowOnly("type", "prepend");
                string prefix = part.Required("prepend").Text;
                _steps.Add(text => text.Length == 0 ? text : prefix + text);
                break;
            case "Replace":
                part.AllowOnly("type", "pattern", "content");
                TextPattern pattern = TextPattern.Read(part.Required("pattern"));
                string content = part.Required("content").Text;
                _steps.Add(text => pattern.Replace(text, content));
                break;
            case "NFC" or "NFD" or "NFKC" or "NFKD":
                part.AllowOnly("type");
                AddForm(part);
                break;
            default:
                throw TokenizerErrors.Unsupported(part.Path, $"the normalizer '{part.Type}'");
        }
    }

    private void AddForm(JsonPart part)
    {
        NormalizationForm form = part.Type switch
        {
            "NFC" => NormalizationForm.FormC,
            "NFD" => NormalizationForm.FormD,
            "NFKC" => NormalizationForm.FormKC,
            _ => NormalizationForm.FormKD,
        };

        // Under InvariantGlobalization the platform returns its input, silently.
        if ("\u00E9e\u0301".Normalize(form) is not ("\u00E9\u00E9" or "e\u0301e\u0301"))
        {
            throw TokenizerErrors.Unsupported(part.Path, $"the normalizer '{part.Type}' in an app with InvariantGlobalization");
        }

        _steps.Add(text => text.Normalize(form));
    }
}
