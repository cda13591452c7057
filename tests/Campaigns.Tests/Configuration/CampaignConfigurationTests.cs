using System.Text.Json.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Cascades;
using IterativeDpo.Judging.Command;
using IterativeDpo.Judging.Ensembles;
using IterativeDpo.Judging.Http;
using IterativeDpo.Judging.Llm;
using IterativeDpo.Judging.Pairs;
using IterativeDpo.Training;

namespace IterativeDpo.Campaigns.Tests.Configuration;

public sealed class CampaignConfigurationTests : IDisposable
{
    private readonly ConfigurationFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Load_minimal_file_takes_the_defaults()
    {
        var options = _files.Load().Options;

        Assert.Equal("test", options.Name);
        Assert.Equal(4, options.Rounds);
        Assert.Equal(12, options.Prompts.Tasks.Count);
        Assert.Equal(8, options.Generation.SamplesPerPrompt);
        Assert.Equal(TimeSpan.FromMinutes(10), options.Judging.Timeout);
        Assert.Equal(new PolicyOptions(PolicyOrigin.Previous, ReferenceOrigin.Previous, PairData.New), options.Policy);
        Assert.Equal(7, options.Training.Lora!.Targets.Count);
        Assert.Equal(ComputeType.BFloat16, options.Training.ComputeType);
    }

    [Fact]
    public void Load_own_values_win()
    {
        var options = _files.Load("""
            campaign.seed = 7
            campaign.pairs { strategy = all-above-margin, min-margin = 0.25 }
            campaign.policy { initialisation = base, reference = base, data = accumulated }
            campaign.training { schedule = constant, compute-type = float32 }
            """).Options;

        Assert.Equal(7UL, options.Seed);
        Assert.Equal(PairStrategy.AllAboveMargin, options.Pairs.Strategy);
        Assert.Equal(0.25, options.Pairs.MinMargin);
        Assert.Equal(new PolicyOptions(PolicyOrigin.Base, ReferenceOrigin.Base, PairData.Accumulated), options.Policy);
        Assert.Equal(LearningRateSchedule.Constant, options.Training.Schedule);
        Assert.Equal(ComputeType.Float32, options.Training.ComputeType);
    }

    [Fact]
    public void Load_pair_options()
    {
        var pairs = _files.Load("""
            campaign.training.max-length = 99
            campaign.pairs {
              strategy = rejection-sampling, min-margin = 12.5, max-per-prompt = 3, rso-beta = 2, rso-samples = 6
              max-length-ratio = 1.5, max-similarity = 0.75, balance-lengths = on
            }
            """).Options.Pairs;

        Assert.Equal(new PairSelectionOptions(PairStrategy.RejectionSampling, 3, 12.5, 99, 2, 2, 6, 1.5, 0.75, true), pairs);
        Assert.Equal(new PairSelectionOptions(MaxLength: 99), _files.Load("campaign.training.max-length = 99").Options.Pairs);
    }

    [Fact]
    public void Load_judges_of_judges()
    {
        var judging = _files.Load("""
            campaign.judging {
              judge = careful
              judges {
                careful { type = cascade, steps = [verifier, panel], sure-margin = 0.5, sure-probability = 0.75 }
                panel { type = ensemble, members = [a, b, verifier], weights = [1, 2, 0.5], minimum-agreement = 0.75, minimum-members = 2 }
                a { type = verifier }
                b { type = ensemble, members = [a, verifier], combine = mean, normalise = rank }
              }
            }
            """).Options.Judging;

        var cascade = Assert.IsType<CascadeOptions>(judging.Find("careful"));
        Assert.Equal((0.5, 0.75), (cascade.SureMargin, cascade.SureProbability));
        Assert.Equal(["verifier", "panel"], cascade.Steps);
        var panel = Assert.IsType<EnsembleOptions>(judging.Find("panel"));
        Assert.Equal(["a", "b", "verifier"], panel.Members);
        Assert.Equal([1, 2, 0.5], panel.Weights);
        Assert.Equal(
            (Combination.Vote, Normalisation.None, 0.75, 2),
            (panel.Combine, panel.Normalise, panel.MinimumAgreement, panel.MinimumMembers));
        var mean = Assert.IsType<EnsembleOptions>(judging.Find("b"));
        Assert.Equal(
            (Combination.Mean, Normalisation.Rank, 0.5, 0),
            (mean.Combine, mean.Normalise, mean.MinimumAgreement, mean.MinimumMembers));
        Assert.Empty(mean.Weights);
        Assert.Equal(["careful", "verifier", "panel", "a", "b"], judging.FindAll("careful").Select(judge => judge.Name));
    }

    [Fact]
    public void Load_lora_takes_patterns_that_only_a_model_can_tell()
    {
        var lora = _files
            .Load(
                """campaign.training.lora { rank = 8, use-rslora = true, dropout = 0.1, targets = [attn_q, "ffn_*", "blk.[0-3].attn_v"] }"""
            )
            .Options.Training.Lora!;

        Assert.Equal(["attn_q", "ffn_*", "blk.[0-3].attn_v"], lora.Targets);
        Assert.True(lora.UseRslora);
        Assert.Equal(0.1f, lora.Dropout);
        Assert.Equal(["all"], _files.Load("campaign.training.lora.targets = all").Options.Training.Lora!.Targets);
    }

    [Fact]
    public void Load_model_is_relative_to_the_file()
    {
        Assert.Equal(Path.Combine(_files.Directory, "policy.gguf"), _files.Load().Options.ModelPath);
    }

    [Fact]
    public void Load_path_in_an_included_file_is_relative_to_that_file()
    {
        _files.Write("shared/model.conf", "campaign.model = base.gguf");

        Assert.Equal(
            Path.Combine(_files.Directory, "shared", "base.gguf"),
            _files.Load("include \"shared/model.conf\"").Options.ModelPath);
    }

    [Fact]
    public void Load_path_of_a_type_of_judge_is_relative_to_where_it_was_set()
    {
        const string judge = "campaign.judging.judges.mine.type = llm";
        string? Model(params ConfigurationOverride[] overrides) =>
            ((LlmJudgeOptions)_files.Load($"{judge}\ninclude \"below/types.conf\"", overrides).Options.Judging.Find("mine")).ModelPath;
        _files.Write("below/types.conf", "campaign.judging.types.llm.model = judge.gguf");

        Assert.Equal(Path.Combine(_files.Directory, "below", "judge.gguf"), Model());
        Assert.Equal(
            Path.GetFullPath("judge.gguf"),
            Model(new ConfigurationOverride("campaign.judging.types.llm.model", "judge.gguf", "--set")));
    }

    [Fact]
    public void Load_include_is_relative_to_the_including_file_and_later_lines_win()
    {
        _files.Write("shared/outer.conf", "include \"inner.conf\"\ncampaign.seed = 5");
        _files.Write("shared/inner.conf", "campaign { rounds = 9, seed = 6 }");

        var options = _files.Load("include \"shared/outer.conf\"\ncampaign.work.retries = 1").Options;

        Assert.Equal((9, 5UL, 1), (options.Rounds, options.Seed, options.Work.Retries));
    }

    [Fact]
    public void Load_substitution_in_an_included_file()
    {
        _files.Write("shared.conf", "campaign { rounds = ${campaign.work.retries}, work.retries = 2 }");

        Assert.Equal(2, _files.Load("include \"shared.conf\"").Options.Rounds);
    }

    [Fact]
    public void Load_commas_behind_sections() => Assert.Equal(
        ["verifier", "a", "b"],
        _files.Load("campaign.judging.judges { a { type = verifier }, b { type = verifier }, }").Options.Judging.Names);

    [Theory]
    [InlineData("90s", 90_000)]
    [InlineData("1500 ms", 1500)]
    [InlineData("1.5 minutes", 90_000)]
    [InlineData("1d", 86_400_000)]
    public void Load_duration_with_its_unit(string text, int expected) =>
        Assert.Equal(TimeSpan.FromMilliseconds(expected), _files.Load($"campaign.judging.timeout = {text}").Options.Judging.Timeout);

    [Fact]
    public void Load_override_wins_over_the_file()
    {
        var options = _files.Load("campaign.rounds = 2", new ConfigurationOverride("campaign.rounds", "3", "--rounds")).Options;

        Assert.Equal(3, options.Rounds);
    }

    [Fact]
    public void Load_off_values()
    {
        var options = _files.Load("campaign.evaluation.rollback-points = 100").Options;

        Assert.Null(options.Evaluation.RollbackPoints);
        Assert.Null(options.Prompts.File);
    }

    [Fact]
    public void Load_threads_are_the_same_for_generator_and_trainer()
    {
        var options = _files.Load("campaign.threads = 3").Options;

        Assert.Equal((3, 3), (options.Threads, options.Training.Threads));
    }

    [Fact]
    public void Load_stop_strings_are_unescaped()
    {
        Assert.Equal(
            ["\n\n", "END"],
            _files.Load("campaign.generation.stop-strings = [\"\\\\n\\\\n\", END]").Options.Generation.Sampling.StopStrings);
    }

    [Fact]
    public void Load_system_settings_are_the_files_own()
    {
        Assert.Equal("""{"loglevel":"DEBUG"}""", _files.Load("akka.loglevel = DEBUG").System);
        Assert.Equal("{}", _files.Load().System);
    }

    [Fact]
    public void Load_system_settings_may_have_keys_that_are_paths()
    {
        var system = _files.Load("akka.actor.deployment {\n  /workers/generator { router = none }\n}").System;

        Assert.Equal("""{"actor":{"deployment":{"/workers/generator":{"router":"none"}}}}""", system);
    }

    [Fact]
    public void Load_bundled_campaigns_without_arms()
    {
        string[] campaigns =
        [
            .. Directory
                .GetFiles(Path.Combine(CampaignConfiguration.ShippedDirectory, "campaigns"), "*.conf")
                .Where(path => CampaignConfiguration.ArmsIn(path).Count == 0),
        ];

        Assert.NotEmpty(campaigns);
        Assert.All(campaigns, path => Assert.Equal(Path.GetFileNameWithoutExtension(path), CampaignConfiguration.Load(path).Options.Name));
    }

    [Fact]
    public void Json_of_the_same_file_is_the_same_and_reads_back()
    {
        var configuration = _files.Load("campaign.training.loss.beta = 0.2");

        Assert.Equal(configuration.Json, _files.Load("campaign.training.loss.beta = 0.2").Json);
        Assert.Equal(configuration.Json, OptionsJson.Write(OptionsJson.Read(configuration.Json)));
    }

    [Fact]
    public void Identity_changes_with_a_setting_that_changes_results()
    {
        Assert.NotEqual(_files.Load().Identity, _files.Load("campaign.training.loss.beta = 0.2").Identity);
    }

    [Fact]
    public void Identity_stays_when_a_campaign_is_made_longer_or_runs_on_other_threads()
    {
        Assert.Equal(_files.Load().Identity, _files.Load("campaign { rounds = 9, threads = 1, work.retries = 0 }").Identity);
    }

    [Fact]
    public void Notices_changeNoIdentity_andAreStoredNowhere()
    {
        const string Notices =
            "campaign.notices { webhook = \"https://example.org/T0KEN\", command = [./tell.sh, T0KEN], key-variable = NOTICES_KEY, on = [paused, done] }";

        var (without, with) = (_files.Load(), _files.Load(Notices));

        Assert.Equal(("https://example.org/T0KEN", 2), (with.Options.Notices!.Webhook, with.Options.Notices.On.Count));
        Assert.Equal(
            (_files.Directory, TimeSpan.FromSeconds(10), 5),
            (with.Options.Notices.Directory, with.Options.Notices.Timeout, with.Options.Notices.Retries));
        Assert.Equal(without.Identity, with.Identity);
        Assert.Equal(without.Json, with.Json);
        Assert.DoesNotContain("notices", with.Json, StringComparison.Ordinal);
        Assert.Empty(OptionsJson.Differences(without.Options, with.Options));
        Assert.Null(OptionsJson.Read(with.Json).Notices);
    }

    [Theory]
    [InlineData("webhook = \"ftp://user:S3CRET@example.org\"", "campaign.notices.webhook: it must be an address")]
    [InlineData("key-variable = s3cret", "campaign.notices.key-variable: it must be the name")]
    [InlineData("command = [\"\"]", "campaign.notices.command")]
    [InlineData("on = [kept, lost]", "campaign.notices.on")]
    [InlineData("retries = 101", "campaign.notices.retries")]
    public void Notices_thatCannotBe_areRefusedWithoutASecret(string setting, string message)
    {
        var refusal = Assert.Throws<UserInputException>(() => _files.Load($"campaign.notices {{ {setting} }}")).Message;

        Assert.Contains(message, refusal, StringComparison.Ordinal);
        Assert.Contains("line 2", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", refusal, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("url = \"http://localhost:9/v1\"", true)]
    [InlineData("key-variable = OTHER_KEY, timeout = 1s, retries = 0, back-off = 1ms, requests-per-minute = 9, concurrency = 1", true)]
    [InlineData("budget-calls = 9, budget-tokens = 9", true)]
    [InlineData("model = large", false)]
    [InlineData("logprobs = off", false)]
    [InlineData("top-logprobs = 5", false)]
    [InlineData("tie-margin = 0.1", false)]
    public void Identity_of_a_judge_behind_a_service_depends_on_what_it_answers_and_not_on_where_it_is(string changed, bool isSame)
    {
        const string Judge =
            "campaign.judging.judge = gpt\ncampaign.judging.judges.gpt { type = http, model = small, url = \"https://api.example/v1\", key-variable = API_KEY }\n";

        Assert.Equal(isSame, _files.Load(Judge).Identity == _files.Load($"{Judge}campaign.judging.judges.gpt {{ {changed} }}").Identity);
    }

    [Fact]
    public void Load_reads_a_judge_behind_a_service()
    {
        var options = _files.Load(
            """
            campaign.judging {
              judge = gpt
              judges.gpt { type = http, url = "https://api.example/v1", model = small, key-variable = API_KEY, mode = rubric, budget-tokens = 5000000000 }
            }
            """).Options;

        var judge = Assert.IsType<HttpJudgeOptions>(options.Judging.Find("gpt"));
        Assert.IsType<RubricMode>(judge.Mode);
        Assert.Equal(
            new ServiceOptions(
                "https://api.example/v1",
                "small",
                "API_KEY",
                true,
                20,
                TimeSpan.FromMinutes(1),
                5,
                TimeSpan.FromSeconds(1),
                0,
                8,
                0,
                5_000_000_000),
            judge.Service);
        Assert.Equal(OptionsJson.Write(options), OptionsJson.Write(OptionsJson.Read(OptionsJson.Write(options))));
    }

    [Fact]
    public void Load_reads_a_command_that_judges()
    {
        var judging = _files
            .Load("campaign.judging.judges.mine { type = command, command = [python3, \"judge me.py\"], restarts = 2 }")
            .Options.Judging;

        var judge = Assert.IsType<CommandOptions>(judging.Find("mine"));
        Assert.Equal(["python3", "judge me.py"], judge.Command);
        Assert.Equal((_files.Directory, 2, true), (judge.Directory, judge.Restarts, judge.ScoresSingleSamples));
    }

    [Fact]
    public void Json_has_the_arguments_of_a_command_by_their_digest()
    {
        var configuration = _files.Load(Settings("hunter2"));

        Assert.DoesNotContain("hunter2", configuration.Json, StringComparison.Ordinal);
        Assert.Contains("\"python3\"", configuration.Json, StringComparison.Ordinal);
        Assert.Equal(configuration.Json, OptionsJson.Write(OptionsJson.Read(configuration.Json)));
        Assert.NotEqual(configuration.Identity, _files.Load(Settings("hunter3")).Identity);
        Assert.Empty(OptionsJson.Differences(OptionsJson.Read(configuration.Json), configuration.Options));
        Assert.Single(OptionsJson.Differences(OptionsJson.Read(configuration.Json), _files.Load(Settings("hunter3")).Options));

        static string Settings(string key) =>
            $"campaign.judging {{ judge = mine, judges.mine {{ type = command, command = [python3, judge.py, --key, {key}] }} }}";
    }

    [Fact]
    public void Identity_counts_the_judges_that_take_part_and_those_they_ask_and_no_other()
    {
        const string Panel = """
            campaign.judging.judge = panel
            campaign.judging.judges.panel { type = ensemble, members = [a, verifier] }
            campaign.judging.judges.a.type = verifier

            """;
        var identity = _files.Load(Panel).Identity;

        Assert.Equal(identity, _files.Load(Panel + "campaign.judging.judges.other { type = verifier, checks = [ended] }").Identity);
        Assert.NotEqual(identity, _files.Load(Panel + "campaign.judging.judges.a.checks = [ended]").Identity);
        Assert.Equal(_files.Load().Identity, _files.Load("campaign.judging.judges.other.type = verifier").Identity);
    }

    [Fact]
    public void DefaultChecks_are_those_of_the_verifier_whoever_judges()
    {
        var judging = _files
            .Load("campaign.judging { types.verifier.checks = [\"exact 7\"], judge = other, judges.other.type = verifier }")
            .Options.Judging;

        Assert.Equal([new AnswerCheck("exact", "7")], judging.DefaultChecks);
    }

    [Fact]
    public void Differences_name_the_settings_with_both_values()
    {
        var stored = _files.Load().Options;
        var now = _files
            .Load("campaign { training.loss.beta = 0.2, training.lora.rank = 4, evaluation.rollback-points = 100, rounds = 9 }")
            .Options;

        Assert.Equal(
            ["training.loss.beta: 0.1, now 0.2", "training.lora.rank: 16, now 4", "evaluation.rollback-points: 5, now unset"],
            OptionsJson.Differences(stored, now));
    }

    [Theory]
    [InlineData("", ReferenceOrigin.Previous, 0, 0)]
    [InlineData("campaign.policy { reference = ema, reference-ema-decay = 0.5, replay-share = 0.1 }", ReferenceOrigin.Ema, 0.5, 0)]
    [InlineData("campaign.policy { data = replay, replay-share = 0.1 }", ReferenceOrigin.Previous, 0, 0.1)]
    [InlineData("campaign.training.loss.type = simpo", ReferenceOrigin.None, 0, 0)]
    [InlineData("campaign { policy.reference = none, training.loss.type = orpo }", ReferenceOrigin.None, 0, 0)]
    [InlineData("campaign.training.loss.reference-free = on", ReferenceOrigin.None, 0, 0)]
    public void Load_policy_counts_what_has_an_effect(string settings, ReferenceOrigin reference, double decay, double share)
    {
        var policy = _files.Load(settings).Options.Policy;

        Assert.Equal((reference, decay, share), (policy.Reference, policy.ReferenceEmaDecay, policy.ReplayShare));
    }

    [Fact]
    public void Load_trainer_settings_are_read()
    {
        var training = _files.Load("""
            campaign.training {
              optimizer = lion, lion-beta1 = 0.8, lion-beta2 = 0.95, warmup-ratio = 0.1, max-steps = 7
              validation-share = 0.2, evaluation-steps = 3, early-stopping-patience = 2, reference-sync.steps = 512
            }
            """).Options.Training;

        Assert.Equal((OptimizerKind.Lion, 0.8f, 0.95f), (training.Optimizer, training.LionBeta1, training.LionBeta2));
        Assert.Equal((0.1f, 7), (training.WarmupRatio, training.MaxSteps));
        Assert.Equal((0.2f, 3, 2), (training.ValidationShare, training.EvaluationSteps, training.EarlyStoppingPatience));
        Assert.Equal(new ReferenceSyncOptions(512, 0.6f), training.ReferenceSync);
    }

    [Fact]
    public void Identity_of_a_campaign_from_before_a_setting_is_that_of_its_off_value()
    {
        var now = _files.Load();
        var before = JsonNode.Parse(now.Json)!;
        foreach (var later in new[]
            {
                "optimizer",
                "lion-beta1",
                "lion-beta2",
                "warmup-ratio",
                "max-steps",
                "validation-share",
                "evaluation-steps",
                "early-stopping-patience",
                "reference-sync",
            })
        {
            Assert.True(before["training"]!.AsObject().Remove(later));
        }
        Assert.True(before["policy"]!.AsObject().Remove("replay-share") && before["policy"]!.AsObject().Remove("reference-ema-decay"));

        var read = OptionsJson.Read(before.ToJsonString());

        Assert.Equal(now.Json, OptionsJson.Write(read));
        Assert.DoesNotContain("lion", OptionsJson.WriteIdentity(now.Options), StringComparison.Ordinal);
        Assert.Contains(
            "lion",
            OptionsJson.WriteIdentity(_files.Load("campaign.training.optimizer = lion").Options),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 3, 0.1)]
    [InlineData("campaign.policy.beta-factor = 0.5", 1, 0.1)]
    [InlineData("campaign.policy.beta-factor = 0.5", 3, 0.025)]
    public void TrainingOf_a_round_has_the_beta_of_the_rounds_before_times_the_factor(string settings, int round, double beta)
    {
        var options = _files.Load(settings).Options;

        Assert.Equal(beta, options.Policy.TrainingOf(options.Training, round).Loss.Beta, 6);
    }
}
