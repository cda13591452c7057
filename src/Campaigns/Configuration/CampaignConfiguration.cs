using System.Text;
using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Verifier;
using IterativeDpo.Training;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>A campaign file resolved: its options, the actor system's settings, and the form that is stored.</summary>
/// <param name="Options">The campaign.</param>
/// <param name="System">The section <c>akka</c> of the file as JSON, which goes over akka.conf.</param>
/// <param name="Json">The options as canonical JSON, to be stored with the campaign.</param>
/// <param name="Source">The campaign file; null where the options come from elsewhere.</param>
public sealed record CampaignConfiguration(CampaignOptions Options, string System, string Json, string? Source = null)
{
    private const string Section = "campaign", ChatTemplate = "chat-template";

    private static readonly Setting s_arms = new(
        "arms",
        "Variants of the campaign by names of your own, to be run side by side and compared (docs/rounds.md), each with the settings in which it differs:\n\n  arms { dpo { } rft { training.loss.type = [sft] } }",
        [new(Setting.AnyName, "", [], null)],
        null);

    /// <summary>Everything that a campaign file can say.</summary>
    public static readonly IReadOnlyList<Setting> Settings =
        [
            new(Section, "", [.. Setting.In(typeof(CampaignOptions)), s_arms], null),
            new("akka", "Settings of the actor system, over those of akka.conf.", [], null),
        ];

    /// <summary>
    /// Changes with every setting that changes results. Rounds, threads, retries and where files lie are left out: a campaign may
    /// go on with other ones.
    /// </summary>
    public Digest Identity => Digest.Of(Encoding.UTF8.GetBytes(OptionsJson.WriteIdentity(Options)));

    /// <summary>The directory of reference.conf, akka.conf and the bundled campaigns, beside the executable.</summary>
    public static string ShippedDirectory => Path.Combine(AppContext.BaseDirectory, "hocon");

    /// <param name="path">The campaign file.</param>
    /// <param name="overrides">Settings of the command line, which win over those of the file.</param>
    /// <exception cref="UserInputException">
    /// No such file, malformed HOCON, an unknown key, or a value of the wrong type or out of range; names place, key and remedy.
    /// </exception>
    public static CampaignConfiguration Load(string path, IReadOnlyList<ConfigurationOverride>? overrides = null)
    {
        var reader = SettingsReader.Load(path, overrides ?? [], Settings);
        if (reader.KeysOf($"{Section}.arms") is { Count: > 0 } arms)
        {
            throw new UserInputException(
                $"{path}: {Section}.arms has {string.Join(", ", arms)}, which are campaigns of their own; ./dpo run runs them all and leaves a file for each, DIR/ARM-SEED/campaign.conf, which can be used by itself.");
        }
        var options = Read(reader);
        return new(options, reader.SectionAsJson("akka"), OptionsJson.Write(options), Path.GetFullPath(path));
    }

    /// <summary>The names of the arms in a campaign file; none where it is one campaign.</summary>
    /// <exception cref="UserInputException">As for <see cref="Load"/>.</exception>
    public static IReadOnlyList<string> ArmsIn(string path) =>
        SettingsReader.Load(path, [], Settings).KeysOf($"{Section}.arms") is var arms
        && arms.FirstOrDefault(arm => !CampaignOptions.IsName(arm)) is { } wrong
        ? throw new UserInputException($"{path}: {Section}.arms.{wrong}: a name here is letters, digits, '-', '_' and '.'.")
        : arms;

    /// <summary>A campaign file for one arm of a file that has some.</summary>
    public static string FileOfArm(string path, string arm, IEnumerable<ConfigurationOverride> overrides) => string.Concat(
    [
        $"include {JsonSerializer.Serialize(Path.GetFullPath(path))}\n",
        $"{Section} = ${{{Section}}} ${{{Section}.arms.\"{arm}\"}}\n",
        $"{Section}.arms = null\n",
        $"{Section}.name = ${{{Section}.name}}\"-{arm}\"\n",
        .. overrides.Select(item => $"{item.Key} = {JsonSerializer.Serialize(item.Value)}\n"),
    ]);

    /// <summary>A campaign's settings for judging on its own: what only a whole campaign needs may be missing.</summary>
    /// <param name="path">A campaign file, or one with a section <c>judging</c> alone, or null for the defaults.</param>
    /// <param name="modelPath">The base model where the file names none, for judges that ask it.</param>
    /// <exception cref="UserInputException">As for <see cref="Load"/>.</exception>
    public static CampaignOptions LoadForJudging(string? path, IReadOnlyList<ConfigurationOverride> overrides, string modelPath)
    {
        var reader = SettingsReader.Load(path, overrides, Settings);
        ConfigurationOverride[] missing =
        [
            new($"{Section}.name", "judging", "the defaults"),
            new($"{Section}.model", modelPath, "the defaults"),
        ];
        return Read(SettingsReader.Load(path, [.. missing.Where(item => !reader.Has(item.Key)), .. overrides], Settings));
    }

    /// <summary>
    /// What the settings of the command line say of a chat template, for commands that take nothing else of a campaign's.
    /// </summary>
    /// <returns>Null where they say nothing.</returns>
    /// <exception cref="UserInputException">As for <see cref="Load"/>.</exception>
    public static ChatTemplateOptions? LoadChatTemplate(IReadOnlyList<ConfigurationOverride> overrides)
    {
        var known = Settings[0].Members!.Where(setting => setting.Key == ChatTemplate);
        return SettingsReader
            .Load(null, overrides, [new(Section, "", [.. known], null)])
            .Read<ChatTemplateOptions>($"{Section}.{ChatTemplate}")
            .WithoutBegan();
    }

    /// <summary>Who is told, of a file that may have nothing else of a campaign's.</summary>
    /// <exception cref="UserInputException">As for <see cref="Load"/>, or nobody is named.</exception>
    public static NoticeOptions LoadNotices(string path)
    {
        var notices = SettingsReader.Load(path, [], Settings).Read<NoticeOptions>($"{Section}.notices");
        return notices.Webhook is not null || notices.Command.Count > 0 ? notices : throw new UserInputException(
            $"{path}: {Section}.notices names nobody to tell; give it a webhook or a command (docs/page.md).");
    }

    /// <summary>What of it training on its own goes by; the rest may be missing.</summary>
    internal static TrainingConfiguration ReadTraining(SettingsReader reader)
    {
        var threads = reader.ReadOne<int>(typeof(CampaignOptions), "threads", Section) is > 0 and var set
            ? set
            : Environment.ProcessorCount;
        var training = reader.Read<TrainingOptions>($"{Section}.training");
        training = training with { Threads = threads, ReferenceSync = training.ReferenceSync is { Steps: > 0 } sync ? sync : null };
        var policy = reader.Read<PolicyOptions>($"{Section}.policy");
        reader.Refuse(policy.ViolationsWith(training), Section);
        return new(
            training,
            policy.With(training),
            reader.ReadOne<ulong>(typeof(CampaignOptions), "seed", Section),
            reader.Read<ChatTemplateOptions>($"{Section}.{ChatTemplate}").WithoutBegan());
    }

    private static CampaignOptions Read(SettingsReader reader)
    {
        var written = reader.Read<CampaignOptions>(Section);
        var training = ReadTraining(reader);
        var (prompts, judges) = (written.Prompts, written.Judging.Judges ?? []);
        // The verifier is there without being named, with what its type is told.
        if (judges.All(judge => judge.Name != JudgingOptions.Verifier)
            && reader.Read<WrittenChecks>($"{Section}.judging.types.verifier").Value is IReadOnlyList<AnswerCheck> checks)
        {
            judges = [new VerifierOptions(JudgingOptions.Verifier, checks), .. judges];
        }
        var options = written with
        {
            Threads = training.Options.Threads,
            Prompts = prompts with { Curriculum = prompts.Order == PromptOrder.Curriculum ? prompts.Curriculum : null },
            Judging = written.Judging with
            {
                Judges = judges.Count == 0 ? null : judges,
                ChatTemplate = written.Judging.ChatTemplate?.WithoutBegan(),
            },
            ChatTemplate = written.ChatTemplate?.WithoutBegan(),
            Pairs = written.Pairs with { MaxLength = training.Options.MaxLength },
            Policy = training.Policy,
            Training = training.Options,
            Evaluation = written.Evaluation.Sets is { Count: 0 } ? written.Evaluation with { Sets = null } : written.Evaluation,
            Gate = written.Gate == new GateOptions() ? null : written.Gate,
            Watch = written.Watch == new WatchOptions() ? null : written.Watch,
            Stop = written.Stop == new StopOptions() ? null : written.Stop,
        };
        reader.Refuse(options.Violations(), Section);
        return options;
    }
}
