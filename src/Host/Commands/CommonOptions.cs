using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Llama;

namespace IterativeDpo.Host.Commands;

/// <summary>Options that several commands share, and the one way to print JSON.</summary>
public static class CommonOptions
{
    /// <summary>The form of all JSON that is printed.</summary>
    internal static readonly JsonSerializerOptions JsonOptions = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private const string ChatTemplateExample = "chat-template.kwargs={\"enable_thinking\": false}";

    public static Option<bool> Json() =>
        new("--json") { Description = "Print one JSON document on standard output at the end." };

    public static Option<DirectoryInfo?> TensorBoard() => new("--tensorboard")
    {
        Description = "A folder for TensorBoard: each step's metrics as event files, by TRL's names.",
        HelpName = "DIR",
    };

    public static Option<bool> Force() => new("--force") { Description = "Replace what is at --out." };

    public static Option<string[]> Settings(string example) => new("--set")
    {
        Description = $"One setting of hocon/reference.conf under campaign, e.g. {example}; may be given several times.",
        HelpName = "KEY=VALUE",
    };

    /// <exception cref="UserInputException">A setting without a value.</exception>
    public static IEnumerable<ConfigurationOverride> Overrides(string[]? settings, string example) => (settings ?? []).Select(setting =>
        setting.Split('=', 2) is [var key, var value]
            ? new ConfigurationOverride($"campaign.{key.Trim()}", value.Trim(), $"--set {setting}")
            : throw new UserInputException($"--set {setting}: write KEY=VALUE, e.g. --set {example}."));

    /// <summary>What a model's chat template is given.</summary>
    public static Option<string[]> ChatTemplate() => new("--set")
    {
        Description =
            $"One setting of campaign.chat-template in hocon/reference.conf, e.g. '{ChatTemplateExample}'; may be given several times.",
        HelpName = "KEY=VALUE",
    };

    /// <exception cref="UserInputException">A setting that is none of the chat template's, or has a wrong value.</exception>
    public static ChatTemplateOptions? ChatTemplateOf(string[]? settings) =>
        CampaignConfiguration.LoadChatTemplate([.. Overrides(settings, ChatTemplateExample)]);

    public static Option<bool> SkipBadRows() =>
        new("--skip-bad-rows") { Description = "Leave out and count rows that cannot be used; the first one is an error without it." };

    public static Option<bool> SkipModelCheck() => new("--skip-model-check")
    {
        Description = "Do not make sure first, which is done once a model, that llama.cpp and the trainer compute the same of it.",
    };

    public static Option<FileInfo> Model() => new("--model")
    {
        Description = "The base model, a GGUF or a folder of Hugging Face's libraries; the bundled seed policy if not given.",
        HelpName = "FILE",
        DefaultValueFactory = _ => new FileInfo(BundledFiles.SeedModel),
    };

    /// <summary>One of a few words.</summary>
    public static Option<string> Choice(string name, string description, params string[] words)
    {
        var option = new Option<string>(name) { Description = description, HelpName = string.Join('|', words) };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !words.Contains(token.Value))
            {
                result.AddError($"{name} takes one of {string.Join(", ", words)}; '{token.Value}' is none of them.");
            }
        });
        return option;
    }

    /// <summary>What weights are stored as: written here, or by llama.cpp's quantiser.</summary>
    /// <param name="keep">The word for the types that a model has.</param>
    public static Option<string?> WeightType(string description, params string[] keep) =>
        Choice("--type", description, ["f32", "f16", "bf16", .. LlamaQuantiser.Types, .. keep])!;

    public static Option<FileInfo?> MeasuredText() => new("--text")
    {
        Description = "Measure on this text what quantising costs: mean log-prob and perplexity before and after.",
        HelpName = "FILE",
    };

    /// <exception cref="UserInputException">There is a text to measure on, and nothing is quantised.</exception>
    public static void RefuseText(FileInfo? text)
    {
        if (text is not null)
        {
            throw new UserInputException(
                $"--text is for models that are quantised: --type {string.Join(", ", LlamaQuantiser.Types)}. Leave it out, or name one of these.");
        }
    }

    public static Option<DirectoryInfo> State() => new("--state")
    {
        Description = "Where everything is kept.",
        HelpName = "DIR",
        DefaultValueFactory = _ => new DirectoryInfo("./state"),
    };

    public static Option<int?> Threads() => Positive("--threads", "Processor threads of the engines; overrides the configuration.");

    /// <summary>An optional whole number from 1.</summary>
    public static Option<int?> Positive(string name, string description)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!int.TryParse(token.Value, out var value) || value < 1))
            {
                result.AddError($"{name} takes a whole number from 1; '{token.Value}' is not one.");
            }
        });
        return option;
    }

    /// <summary>A number within bounds, both included.</summary>
    public static Option<T> Number<T>(string name, string description, T absent, T least, T most) where T : INumber<T>
    {
        return new(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => absent, CustomParser = Parse };

        // Neither by the machine's language nor with a comma anywhere: 0,7 would be 7.
        T? Parse(ArgumentResult result)
        {
            if (T.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                && value >= least
                && value <= most)
            {
                return value;
            }
            result.AddError($"{name} takes a number from {least} to {most}; '{result.Tokens[0].Value}' is not one.");
            return absent;
        }
    }

    /// <summary>Any finite number.</summary>
    public static double? FiniteNumber(ArgumentResult result)
    {
        if (double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && double.IsFinite(value))
        {
            return value;
        }
        result.AddError($"{(result.Parent as OptionResult)?.Option.Name} takes a number; '{result.Tokens[0].Value}' is not one.");
        return null;
    }

    public static void PrintJson(object document) => Console.WriteLine(ToJson(document));

    public static string ToJson(object document) => JsonSerializer.Serialize(document, JsonOptions);

    /// <exception cref="JsonException">It is no such document.</exception>
    public static T FromJson<T>(string json) => JsonSerializer.Deserialize<T>(json, JsonOptions) ?? throw new JsonException("It is null.");
}
