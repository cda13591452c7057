using System.Net;
using System.Text;
using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Rows;
using IterativeDpo.Artifacts.Safetensors;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Jinja;
using IterativeDpo.Judging.Command;
using IterativeDpo.Judging.Http;
using IterativeDpo.Judging.Models;
using IterativeDpo.Training.Data;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>A reader of what others wrote.</summary>
/// <param name="Extension">Of the file that it is given.</param>
/// <param name="Seeds">Inputs that it takes, the last the richest.</param>
/// <param name="Mutable">The first so many bytes of an input are changed: behind them are values that mean nothing to a reader.</param>
/// <param name="Read">Reads the file of this path, which has these bytes.</param>
internal sealed record ForeignReader(string Name, string Extension, IReadOnlyList<byte[]> Seeds, int Mutable, Action<string, byte[]> Read);

/// <summary>Every reader of foreign input, with small valid inputs.</summary>
internal static class ForeignReaders
{
    private static readonly PromptSamples _samples = new(
        new Prompt("p", null, "q", null, []),
        [],
        [.. Enumerable.Range(0, 2).Select(i => new Sample(i, 0, [], [], "a", FinishReason.Eos, 0))]);

    private static readonly ServiceOptions _service = new(
        "http://localhost/v1", "m", "", true, 20, TimeSpan.FromMinutes(1), 5, TimeSpan.FromSeconds(1), 0, 8, 0, 0);

    /// <summary>Failures that say what is wrong with an input.</summary>
    public static bool IsRefusal(Exception e) =>
        e
            is UserInputException
                or StorageException
                or RowException
                or ConversationException
                or JinjaException
        or CommandException or JudgeModelException or PassingFailureException;

    /// <param name="directory">Takes what the inputs are made of.</param>
    public static IReadOnlyList<ForeignReader> Create(string directory)
    {
        var safetensors = Path.Combine(directory, "seed.safetensors");
        new SafetensorsWriter(TensorType.F32)
            .Set("format", "pt")
            .Add("a", [2, 3], () => new float[6])
            .Add("b", [4], () => new float[4])
            .Write(safetensors);
        var model = File.ReadAllBytes(BundledFiles.SeedModel);
        int header;
        using (var file = GgufFile.Open(BundledFiles.SeedModel))
        {
            header = (int)file.Tensors.Values.Min(tensor => tensor.Offset);
        }
        var campaign = File.ReadAllText(BundledFiles.QuickstartCampaign)
            .Replace("../../models/seed.gguf", BundledFiles.SeedModel, StringComparison.Ordinal);
        return
        [
            new(
                "hocon",
                ".conf",
                Texts("campaign { name = a, model = ${HOME}x, rounds += 2 }", campaign),
                int.MaxValue,
                (path, _) => CampaignConfiguration.Load(path)),
            new("gguf", ".gguf", [model], header, (path, _) => ReadModel(path)),
            new("safetensors", ".safetensors", [File.ReadAllBytes(safetensors)], int.MaxValue, (path, _) => ReadSafetensors(path)),
            new("rows", ".jsonl", Texts(
                """{"prompt":"a","completion":"b","label":true}""",
                    """{"prompt":[{"role":"user","content":"a"}],"chosen":[{"role":"assistant","content":"b"}],"rejected":[{"role":"assistant","content":"c"}],"chosen_probability":0.7}"""
                        + "\n"
                + """{"prompt":"a","chosen":"b","rejected":"c","prompt_id":"d"}"""), int.MaxValue, (path, _) => ReadRows(path)),
            new("prompts", ".jsonl", Texts(
                    """{"prompt":"a"}""",
                    """{"id":"x","task":"t","prompt":[{"role":"user","content":"a"}],"checks":[{"kind":"exact","value":"b","weight":2,"required":true}]}"""),
                int.MaxValue, (path, _) => PromptFile.Read(path).ToList().Clear()),
            new("template", ".jinja", Texts(
                "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
                "{%- if messages[0].role == 'system' -%}{{ raise_exception('no') }}{%- endif -%}{% set a = 'b' %}{% for m in messages %}{% if m.role == 'user' %}<|im_start|>user\n{{ m.content | trim }}<|im_end|>\n{% elif not loop.last %}x{% else %}y{% endif %}{% endfor %}"),
                int.MaxValue, (_, bytes) => ReadTemplate(Encoding.UTF8.GetString(bytes))),
            new("command", ".json", Texts(
                """{"id":"1","scores":[{"index":0,"score":1,"explanation":"x"},{"index":1,"score":null}]}""",
                    """{"id":"1","comparisons":[{"first":0,"second":1,"probability":0.5,"explanation":"x"}],"abstain":false,"error":null}"""
                ),
                int.MaxValue,
                (_, bytes) => ReadVerdict(Encoding.UTF8.GetString(bytes))),
            new("service", ".json", Texts(
                """{"error":{"message":"x"}}""",
                    """{"choices":[{"message":{"content":"A","refusal":null},"logprobs":{"content":[{"top_logprobs":[{"token":"A","logprob":-0.1}]}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"""),
                int.MaxValue, (_, bytes) => ReadService(Encoding.UTF8.GetString(bytes))),
        ];
    }

    private static List<byte[]> Texts(params string[] texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];

    private static void ReadModel(string path)
    {
        using var file = GgufFile.Open(path);
        ModelConfig.Read(file);
    }

    private static void ReadSafetensors(string path)
    {
        using var file = SafetensorsFile.Open(path);
        foreach (var tensor in file.Tensors.Values)
        {
            file.ReadFloat32(tensor);
        }
    }

    private static void ReadRows(string path)
    {
        using var file = RowFile.Open(path);
        foreach (var row in file.Read())
        {
            RowParser.Parse(row.Json);
        }
    }

    private static void ReadTemplate(string template)
    {
        var messages = new JinjaList([new JinjaDict([("role", new JinjaText("user")), ("content", JinjaText.Said("a", 1))])]);
        JinjaTemplate.Parse(template).Render([new("messages", messages), new("add_generation_prompt", true)], null);
    }

    private static void ReadVerdict(string line)
    {
        if (CommandProtocol.ReadId(line) is null)
        {
            throw new CommandException("no answer");
        }
        CommandProtocol.ReadVerdict(line, _samples, scoresSingleSamples: false);
    }

    private static void ReadService(string body)
    {
        var failure = new ServiceFailure("judge.service", _service, text => text);
        _ = failure.Of(new ServiceReply(HttpStatusCode.BadRequest, body));
        if (failure.Within(new ServiceReply(HttpStatusCode.OK, body)) is { } error)
        {
            throw error;
        }
        try
        {
            // As a judge uses it.
            _ = ChatAnswer.Parse(body).FirstToken?.Sum(token => token.Token.Length);
        }
        catch (JsonException e)
        {
            throw new PassingFailureException("no chat completion", null, e);
        }
    }
}
