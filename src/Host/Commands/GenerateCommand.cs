using System.CommandLine;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Host.Models;
using IterativeDpo.Host.Terminal;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo generate</c>: a prompt in, samples out, with or without an adapter.</summary>
public static class GenerateCommand
{
    private const int ContextTokens = 2048;

    private static readonly Argument<string[]> _prompts = new("PROMPT")
    {
        Description = "What to ask; several are asked together.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<FileInfo> _model = CommonOptions.Model();
    private static readonly Option<FileInfo?> _adapter = new("--adapter")
    {
        Description = "A LoRA adapter GGUF for this base.",
        HelpName = "FILE",
    };
    private static readonly Option<FileInfo?> _file = new("--prompts")
    {
        Description = "A prompt file instead, JSON lines or Parquet (docs/prompts.md).",
        HelpName = "FILE",
    };
    private static readonly Option<string[]> _set = CommonOptions.ChatTemplate();
    private static readonly Option<bool> _raw = new("--raw")
    {
        Description = "Continue the text as it is, without the model's chat template; special tokens that it spells are special tokens.",
    };
    private static readonly Option<int> _samples = CommonOptions.Number("--samples", "Samples of each prompt.", 1, 1, 10_000);
    private static readonly Option<float> _temperature = CommonOptions.Number("--temperature", "0 is greedy.", 1f, 0f, 100f);
    private static readonly Option<int> _topK = CommonOptions.Number(
        "--top-k",
        "Keep the k likeliest tokens; 0 is off.",
        0,
        0,
        int.MaxValue);
    private static readonly Option<float> _topP = CommonOptions.Number(
        "--top-p",
        "Keep the smallest set with this probability; 1 is off.",
        1f,
        0f,
        1f);
    private static readonly Option<float> _minP = CommonOptions.Number(
        "--min-p",
        "Drop tokens under this share of the likeliest one; 0 is off.",
        0f,
        0f,
        1f);
    private static readonly Option<float> _penalty = CommonOptions.Number(
        "--repetition-penalty",
        "Tokens already there become less likely; 1 is off.",
        1f,
        0.01f,
        100f);
    private static readonly Option<int> _maxTokens = CommonOptions.Number(
        "--max-tokens",
        "Most tokens of a sample.",
        128,
        1,
        ContextTokens);
    private static readonly Option<string[]> _stop = new("--stop")
    {
        Description = "End a sample before this text, with \\n for a line's end; may be given several times.",
        HelpName = "TEXT",
    };
    private static readonly Option<ulong> _seed = CommonOptions.Number("--seed", "Seeds every sample.", 1ul, 0ul, ulong.MaxValue);
    private static readonly Option<int?> _threads = CommonOptions.Threads();
    private static readonly Option<FileInfo?> _output = new("--out")
    {
        Description = "Takes the samples with their prompts, for ./dpo judge.",
        HelpName = "FILE",
    };
    private static readonly Option<bool> _force = CommonOptions.Force();
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var command = new ExampleCommand(
            "generate",
            "Sample completions of a prompt from a model, with or without an adapter.",
            "./dpo generate \"Reverse the word: planet\"",
            "./dpo generate \"What is 61 + 2?\" --samples 4 --temperature 0.7",
            "./dpo generate --prompts prompts.jsonl --model model.gguf --adapter adapter.gguf --json",
            "./dpo generate --prompts prompts.jsonl --samples 8 --out samples.jsonl",
            "./dpo generate \"What is 61 + 2?\" --model qwen3.gguf --set 'chat-template.kwargs={\"enable_thinking\": false}'",
            "./dpo generate --prompts data/test-00000-of-00001.parquet --out samples.jsonl")
        {
            _prompts,
            _model,
            _adapter,
            _file,
            _set,
            _raw,
            _samples,
            _temperature,
            _topK,
            _topP,
            _minP,
            _penalty,
            _maxTokens,
            _stop,
            _seed,
            _threads,
            _output,
            _force,
            _json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var prompts = Prompts(parsed);
        var seed = parsed.GetValue(_seed);
        var indexes = Enumerable.Range(0, parsed.GetValue(_samples));
        var requests = prompts
            .Select(prompt => new GenerationRequest(prompt, [.. indexes.Select(i => SampleSeed.Derive(seed, 0, prompt.Id, i))]))
            .ToArray();
        var output = parsed.GetValue(_output) is { } file ? OutputPath.OfFile(file, parsed.GetValue(_force), Inputs(parsed)) : null;
        using var generator = Load(parsed, await ModelFolders.FileOfAsync(parsed.GetRequiredValue(_model).FullName, cancellationToken));
        var finished = new Dictionary<string, PromptSamples>();
        await generator.GenerateAsync(requests, Sampling(parsed), samples => finished[samples.Prompt.Id] = samples, cancellationToken);
        if (output is not null)
        {
            AtomicFile.Write(output, stream => SampleFile.Write(stream, prompts.Select(prompt => finished[prompt.Id])));
        }
        Print(prompts.Select(prompt => finished[prompt.Id]), parsed.GetValue(_json));
        return ExitCodes.Done;
    }

    private static FileInfo[] Inputs(ParseResult parsed) =>
        [.. new[] { parsed.GetValue(_file), parsed.GetRequiredValue(_model), parsed.GetValue(_adapter) }.OfType<FileInfo>()];

    private static IReadOnlyList<Prompt> Prompts(ParseResult parsed)
    {
        var texts = parsed.GetValue(_prompts) ?? [];
        if (parsed.GetValue(_file) is { } file)
        {
            return texts.Length == 0
                ? [.. PromptFile.Read(file.FullName)]
                : throw new UserInputException("Give prompts on the command line or with --prompts, not both.");
        }
        if (texts.Length == 0)
        {
            throw new UserInputException("There is nothing to complete: give a prompt, or a file of them with --prompts FILE.");
        }
        if (texts.Length > 1 && texts.All(text => !text.Contains(' ')))
        {
            Console.Error.WriteLine(
                $"dpo: {texts.Length} prompts, each by itself: {string.Join(", ", texts.Select(text => $"\"{PlainText.Of(text)}\""))}. A prompt of several words goes in quotes.");
        }
        return [.. texts.Select((text, i) => parsed.GetValue(_raw)
            ? new Prompt($"prompt-{i}", null, text, null, [])
            : new Prompt($"prompt-{i}", [new ChatMessage("user", text)], null, null, []))];
    }

    private static SamplingOptions Sampling(ParseResult parsed) => new(
        parsed.GetValue(_temperature),
        parsed.GetValue(_topK),
        parsed.GetValue(_topP),
        parsed.GetValue(_minP),
        parsed.GetValue(_penalty),
        parsed.GetValue(_maxTokens),
        [.. (parsed.GetValue(_stop) ?? []).Select(StopStringOf)]);

    private static string StopStringOf(string text)
    {
        try
        {
            return StopString.Parse(text);
        }
        catch (FormatException e)
        {
            throw new UserInputException($"--stop '{text}': {e.Message}.", e);
        }
    }

    private static LlamaGenerator Load(ParseResult parsed, string model)
    {
        var generator = LlamaGenerator.Load(new LlamaOptions(
            model,
            ContextTokens,
            Threads: parsed.GetValue(_threads) ?? Environment.ProcessorCount,
            // Who asks without saying which time it is asks now.
            ChatTemplate: (CommonOptions.ChatTemplateOf(parsed.GetValue(_set)) ?? new()) with
            {
                Began = TimeProvider.System.GetLocalNow(),
            }));
        try
        {
            generator.UseAdapter(parsed.GetValue(_adapter)?.FullName);
            return generator;
        }
        catch
        {
            generator.Dispose();
            throw;
        }
    }

    private static void Print(IEnumerable<PromptSamples> results, bool json)
    {
        if (json)
        {
            CommonOptions.PrintJson(results.Select(result => new
            {
                result.Prompt.Id,
                Samples = result.Samples.Select(sample => new
                {
                    sample.Text,
                    FinishReason = sample.FinishReason.ToString().ToLowerInvariant(),
                    sample.TokenIds,
                    sample.LogProbs,
                    sample.Seed,
                }),
            }));
            return;
        }
        foreach (var sample in results.SelectMany(result => result.Samples))
        {
            // A file or a program gets the text as it is.
            var text = Console.IsOutputRedirected ? sample.Text : PlainText.Of(sample.Text);
            Console.WriteLine(sample.FinishReason == FinishReason.Length ? $"{text} [cut at the token limit]" : text);
        }
    }
}
