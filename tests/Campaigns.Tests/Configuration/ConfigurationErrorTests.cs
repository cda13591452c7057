using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns.Tests.Configuration;

/// <summary>Bad configuration: each message names the place, the key and the way out.</summary>
public sealed class ConfigurationErrorTests : IDisposable
{
    private readonly ConfigurationFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData(
        "campaign.trainning.loss.beta = 0.1",
        "unknown key campaign.trainning.loss.beta (did you mean campaign.training.loss.beta?)")]
    [InlineData("campaign { learning-rate = 1 }", "unknown key campaign.learning-rate (did you mean campaign.training.learning-rate?)")]
    [InlineData("campain.seed = 1", "did you mean campaign.seed?")]
    [InlineData("zzz = 1", "unknown key zzz; reference.conf lists every key")]
    [InlineData("campaign.pairs = 1", "campaign.pairs is a section and takes no value")]
    [InlineData("campaign.seed { a = 1 }", "campaign.seed is a single setting and no section")]
    public void Load_unknown_key(string line, string expected) => AssertRefused(line, expected);

    [Theory]
    [InlineData("campaign.rounds = 0", "campaign.rounds is 0: it must be a whole number from 1 to 10000")]
    [InlineData("campaign.rounds = 1.5", "campaign.rounds is 1.5: it must be a whole number")]
    [InlineData("campaign.rounds = four", "campaign.rounds is four: it must be a whole number")]
    [InlineData("campaign.rounds = [1]", "campaign.rounds: it must be a single value")]
    [InlineData("campaign.name = \"a b\"", "campaign.name is a b: it must be 1 to 64 letters")]
    [InlineData("campaign.name = \"\"", "campaign.name: it must be set")]
    [InlineData("campaign.model = \"\"", "campaign.model: it must be set to a file")]
    [InlineData("campaign.threads = -1", "campaign.threads is -1")]
    [InlineData("campaign.training.loss.beta = 0", "campaign.training.loss.beta is 0: it must be a number above 0")]
    [InlineData("campaign.training.lora.rank = 0", "campaign.training.lora.rank is 0: it must be a whole number from 1 to 4096")]
    [InlineData("campaign.training.lora.dropout = 1", "campaign.training.lora.dropout is 1: it must be a number from 0 to 0.99")]
    [InlineData(
        "campaign.prompts.curriculum { low = 0.5, high = 0.4 }",
        "campaign.prompts.curriculum.high is 0.4: it must be a number from 0.5 to 1")]
    [InlineData("campaign.prompts.curriculum.low = -0.1", "campaign.prompts.curriculum.low is -0.1: it must be a number from 0 to 1")]
    [InlineData("campaign.prompts.curriculum.rest-rounds = -1", "campaign.prompts.curriculum.rest-rounds is -1")]
    [InlineData(
        "campaign.prompts.curriculum.pool-rounds = 0",
        "campaign.prompts.curriculum.pool-rounds is 0: it must be a whole number from 1 to 10000")]
    [InlineData(
        "campaign.judging.judge = verifyer",
        "campaign.judging.judge is verifyer: it must be one of verifier (did you mean verifier?)")]
    [InlineData("campaign.judging.judges.mine.type = oracle", "campaign.judging.judges.mine.type is oracle: it must be one of")]
    [InlineData(
        "campaign.judging.judges.mine { type = verifier, modell = x }",
        "unknown key campaign.judging.judges.mine.modell (did you mean campaign.judging.types.llm.model?)")]
    [InlineData(
        "campaign.judging.judges.mine { type = verifier, checks = [\"lenght 1..2 words\"] }",
        "campaign.judging.judges.mine.checks is [lenght 1..2 words]: there is no such kind")]
    [InlineData(
        "campaign.judging.types.verifier.checks = [\"regex (\"]",
        "campaign.judging.types.verifier.checks is [regex (]: the pattern is not")]
    [InlineData(
        "campaign.judging { types.llm.sequences = 0, judges.mine { type = llm, model = policy } }",
        "campaign.judging.types.llm.sequences is 0: it must be a whole number")]
    [InlineData(
        "campaign.judging { asking.tie-margin = 1, judges.mine { type = llm, model = policy } }",
        "campaign.judging.asking.tie-margin is 1: it must be a number from 0 to 0.5")]
    [InlineData(
        "campaign.judging { judge = own, judges.own { type = implicit-reward } }",
        "campaign.judging.judges.own.type is implicit-reward: with policy = current and reference = base both are the base until a round has trained")]
    [InlineData(
        "campaign.judging.judges.mine { type = http, model = x, url = \"localhost:8000\" }",
        "campaign.judging.judges.mine.url: it must be an address that begins with http:// or https://")]
    [InlineData("campaign.judging.judges.mine { type = http, key = x }", "unknown key campaign.judging.judges.mine.key")]
    [InlineData(
        "campaign.judging.judges.mine { type = command, command = run }",
        "campaign.judging.judges.mine.command: it must be a list: [a, b]")]
    [InlineData(
        "campaign.judging { judge = data, judges.data.type = data-answer }",
        "campaign.judging.judge is data: it prefers the answer that a prompt's row gives, and generated tasks give none; set prompts.file")]
    [InlineData(
        "campaign { pairs.consistency = on, training.loss.probabilistic-labels = on }",
        "campaign.pairs.consistency is on: the judge 'verifier' does not ask the policy, and would say the same with the one before")]
    [InlineData(
        "campaign { pairs.consistency = on, judging { judge = self, judges.self { type = llm, model = policy } } }",
        "campaign.pairs.consistency is on: sigmoid reads no probability of a pair here; set training.loss.probabilistic-labels = on")]
    [InlineData(
        "campaign.training { ches-drop = 0.5, loss.type = kto }",
        "campaign.training.ches-drop is 0.5: it is about pairs, and kto learns from labelled completions")]
    [InlineData(
        "campaign.pairs.ties-per-prompt = 1",
        "campaign.pairs.ties-per-prompt is 1: sigmoid would take one of two equals for the better; set 0, or training.loss.type = dpo_rk or dpo_d")]
    [InlineData(
        "campaign { pairs.ties-per-prompt = 1, training.loss.type = [dpo_d, sft] }",
        "campaign.pairs.ties-per-prompt is 1: dpo_d, sft would take one of two equals")]
    [InlineData(
        "campaign.judging.judges.mine { type = human, share = 0.5 }",
        "campaign.judging.judges.mine.share: people judge every prompt where nobody else does")]
    [InlineData(
        "campaign.judging.judges.mine { type = human, judge = verifier }",
        "campaign.judging.judges.mine.share is 0: people would be shown nothing")]
    [InlineData(
        "campaign.judging.judges.mine { type = human, wait = next }",
        "campaign.judging.judges.mine.wait: people judge every prompt where nobody else does")]
    [InlineData(
        "campaign.judging.judges.mine { type = human, judge = verifier, audit = 5, wait = next }",
        "campaign.judging.judges.mine.wait is next: an audit only measures")]
    [InlineData(
        "campaign.judging { judge = both, judges { mine { type = human, judge = verifier, share = 1, wait = next }, both { type = cascade, steps = [verifier, mine] } } }",
        "campaign.judging.judges.mine.wait is next: the judge 'both' asks it, and needs its verdict at once")]
    [InlineData(
        "campaign { work.staleness = 1, judging { judge = mine, judges.mine { type = human, judge = verifier, share = 1, wait = next } } }",
        "campaign.judging.judges.mine.wait is next: with work.staleness the next round is sampled and judged ahead")]
    [InlineData(
        "campaign.judging.judges.mine { type = human, judge = verifyer, share = 0.5 }",
        "campaign.judging.judges.mine.judge is verifyer: it must be one of verifier, mine (did you mean verifier?)")]
    [InlineData(
        "campaign.judging.judges.mine { type = human, judge = mine, share = 0.5 }",
        "campaign.judging.judges.mine.judge is [mine]: a judge cannot ask itself: mine asks mine")]
    [InlineData(
        "campaign.judging.judges.mine { type = human, guide = a, guide-file = test.conf }",
        "campaign.judging.judges.mine.guide: there is a guide-file too")]
    [InlineData("campaign.watch.length = 1", "campaign.watch.length is 1: it must be a number above 1")]
    [InlineData("campaign.watch.action = stop", "campaign.watch.action is stop: it must be one of warn, pause")]
    [InlineData("campaign.gate.level = 0.1", "campaign.gate.level is 0.1: with test = points nothing is tested, and it has no effect")]
    [InlineData(
        "campaign.gate { test = off, minimum-prompts = 9 }",
        "campaign.gate.minimum-prompts is 9: with test = off nothing is tested")]
    [InlineData(
        "campaign.gate { test = mcnemar, metric = held-out, prompts-per-task = 9 }",
        "campaign.gate.prompts-per-task is 9: with test = mcnemar and metric = held-out the gate has no prompts of its own")]
    [InlineData(
        "campaign { watch.anchor-agreement = 0.9 }",
        "campaign.watch.anchor-agreement is 0.9: with anchor-rounds = 0 nothing is labelled again")]
    [InlineData(
        "campaign { stop.kl = 5, watch.kl-prompts = 0 }",
        "campaign.stop.kl is 5: with watch.kl-prompts = 0 nothing measures the divergence")]
    [InlineData(
        "campaign { gate.test = eprocess, evaluation.rollback-points = 3 }",
        "campaign.evaluation.rollback-points is 3: only the gate of test points reads it")]
    [InlineData("campaign.gate.test = maybe", "campaign.gate.test is maybe: it must be one of off, points, mcnemar, eprocess")]
    [InlineData("campaign.gate { test = eprocess, level = 1 }", "campaign.gate.level is 1: it must be a number")]
    [InlineData(
        "campaign.gate.metric = helt-out",
        "campaign.gate.metric is helt-out: it must be one of held-out, gate (did you mean held-out?)")]
    [InlineData(
        "campaign { gate.metric = old, evaluation.sets.old.every = 2 }",
        "campaign.gate.metric is old: it is measured in some rounds only")]
    [InlineData("campaign.evaluation.sets.gate.samples = 1", "campaign.evaluation.sets.gate: held-out and gate are there already")]
    [InlineData(
        "campaign.evaluation.sets.old.samples = 4",
        "campaign.evaluation.sets.old.temperature is 0: several greedy answers to a prompt are all the same")]
    [InlineData("campaign.evaluation.sets.old.tasks = [ad]", "campaign.evaluation.sets.old.tasks is ad: it must be one of")]
    [InlineData(
        "campaign.evaluation.sets.old { tasks = [add], file = prompts.jsonl }",
        "campaign.evaluation.sets.old.tasks is [add]: the prompts are a file's already")]
    [InlineData("campaign.evaluation.sets.old.judge = mine", "campaign.evaluation.sets.old.judge is mine: it must be one of verifier")]
    [InlineData(
        "campaign { generation.context-tokens = 512, evaluation.sets.old.max-tokens = 512 }",
        "campaign.evaluation.sets.old.max-tokens is 512: it must leave room for the prompt")]
    [InlineData("campaign.evaluation.sets.old.evry = 1", "unknown key campaign.evaluation.sets.old.evry")]
    [InlineData("campaign.evaluation.judge = mine", "campaign.evaluation.judge is mine: it must be one of verifier")]
    [InlineData(
        "campaign.judging.judges { p { type = ensemble, members = [] } }",
        "campaign.judging.judges.p.members is []: it must name at least one, and none twice")]
    [InlineData(
        "campaign.judging.judges { p { type = ensemble, members = [verifier, oracle] } }",
        "campaign.judging.judges.p.members is oracle: it must be one of verifier, p")]
    [InlineData(
        "campaign.judging.judges { checks { type = verifier } p { type = ensemble, members = [verifier, check] } }",
        "campaign.judging.judges.p.members is check: it must be one of verifier, checks, p (did you mean checks?)")]
    [InlineData(
        "campaign.judging.judges { p { type = ensemble, members = [verifier] } }",
        "campaign.judging.judges.p.members is [verifier]: it must name at least two judges")]
    [InlineData(
        "campaign.judging.judges { p { type = ensemble, members = [verifier, verifier] } }",
        "campaign.judging.judges.p.members is [verifier, verifier]: it must name at least one, and none twice")]
    [InlineData(
        "campaign.judging.judges { p { type = ensemble, members = [verifier, p] } }",
        "campaign.judging.judges.p.members is [verifier, p]: a judge cannot ask itself: p asks p")]
    [InlineData(
        "campaign.judging.judges { p { type = ensemble, members = [verifier, q] } q { type = cascade, steps = [verifier, p] } }",
        "campaign.judging.judges.p.members is [verifier, q]: a judge cannot ask itself: p asks q asks p")]
    [InlineData(
        "campaign.judging.judges { q { type = verifier } p { type = ensemble, members = [verifier, q], weights = [1] } }",
        "campaign.judging.judges.p.weights is [1]: there must be one above 0 for each of the 2 members")]
    [InlineData(
        "campaign.judging.judges { q { type = verifier } p { type = ensemble, members = [verifier, q], weights = [1, 0] } }",
        "campaign.judging.judges.p.weights is [1, 0]: there must be one above 0")]
    [InlineData(
        "campaign.judging.judges { q { type = verifier } p { type = ensemble, members = [verifier, q], minimum-members = 3 } }",
        "campaign.judging.judges.p.minimum-members is 3: it must be a whole number from 0 to 2")]
    [InlineData(
        "campaign.judging.judges { q { type = verifier } p { type = ensemble, members = [verifier, q], minimum-agreement = 0.4 } }",
        "campaign.judging.judges.p.minimum-agreement is 0.4: it must be a number from 0.5 to 1")]
    [InlineData(
        "campaign.judging.judges { q { type = verifier } p { type = ensemble, members = [verifier, q], combine = mean, minimum-agreement = 0.6 } }",
        "campaign.judging.judges.p.minimum-agreement is 0.6: only votes agree")]
    [InlineData(
        "campaign.judging.judges { q { type = verifier } p { type = ensemble, members = [verifier, q], normalise = rank } }",
        "campaign.judging.judges.p.normalise is rank: a vote goes by which score is higher")]
    [InlineData(
        "campaign.judging.judges { q { type = verifier } p { type = ensemble, members = [verifier, q], combine = median } }",
        "campaign.judging.judges.p.combine is median: it must be one of vote, mean")]
    [InlineData(
        "campaign.judging.judges { q { type = verifier } p { type = ensemble, members = [verifier, q], weight = [1, 2] } }",
        "unknown key campaign.judging.judges.p.weight (did you mean campaign.judging.judges.p.weights?)")]
    [InlineData(
        "campaign.judging.judges { p { type = cascade, steps = [] } }",
        "campaign.judging.judges.p.steps is []: it must name at least one, and none twice")]
    [InlineData(
        "campaign.judging.judges { p { type = cascade, steps = [verifier, oracle] } }",
        "campaign.judging.judges.p.steps is oracle: it must be one of verifier, p")]
    [InlineData(
        "campaign.judging.judges { p { type = cascade, steps = [verifier] } }",
        "campaign.judging.judges.p.steps is [verifier]: it must name at least two judges")]
    [InlineData(
        "campaign.judging.judges { p { type = cascade, steps = [p, verifier] } }",
        "campaign.judging.judges.p.steps is [p, verifier]: a judge cannot ask itself: p asks p")]
    [InlineData(
        "campaign.judging.judges { q { type = verifier } p { type = cascade, steps = [q, verifier], sure-margin = -1 } }",
        "campaign.judging.judges.p.sure-margin is -1: it must be a number, 0 or more")]
    [InlineData(
        "campaign.judging.judges { q { type = verifier } p { type = cascade, steps = [q, verifier], sure-probability = 1.5 } }",
        "campaign.judging.judges.p.sure-probability is 1.5: it must be a number from 0.5 to 1")]
    [InlineData("campaign.pairs.min-margin = -1", "campaign.pairs.min-margin is -1: it must be a number, 0 or more")]
    [InlineData(
        "campaign.pairs { strategy = top-bottom, top-bottom-k = 0 }",
        "campaign.pairs.top-bottom-k is 0: it must be a whole number from 1 to 512")]
    [InlineData(
        "campaign.pairs.top-bottom-k = 3",
        "campaign.pairs.top-bottom-k is 3: strategy best-random does not read it; leave it out, or set strategy = top-bottom")]
    [InlineData("campaign.pairs.rso-beta = 1", "campaign.pairs.rso-beta is 1: strategy best-random does not read it")]
    [InlineData("campaign.pairs.rso-samples = 8", "campaign.pairs.rso-samples is 8: strategy best-random does not read it")]
    [InlineData(
        "campaign.pairs { strategy = rejection-sampling, rso-beta = 0 }",
        "campaign.pairs.rso-beta is 0: it must be a number above 0")]
    [InlineData(
        "campaign.pairs { strategy = rejection-sampling, rso-samples = 1 }",
        "campaign.pairs.rso-samples is 1: it must be a whole number from 2 to 1024")]
    [InlineData("campaign.pairs.max-length-ratio = 0.5", "campaign.pairs.max-length-ratio is 0.5: it must be 1 or more, or 0 for off")]
    [InlineData("campaign.pairs.max-similarity = 1.5", "campaign.pairs.max-similarity is 1.5: it must be a number from 0 to 1")]
    [InlineData("campaign.pairs.balance-lengths = yes", "campaign.pairs.balance-lengths is yes: it must be one of on, off")]
    [InlineData("campaign.judging.timeout = null", "campaign.judging.timeout: it must be a duration")]
    [InlineData(
        "campaign.judging.timeout = 5",
        "campaign.judging.timeout is 5: it must be a duration from 1ms to 1d with its unit, such as 30s")]
    [InlineData("campaign.judging.timeout = 2d", "campaign.judging.timeout is 2d: it must be a duration from 1ms to 1d")]
    [InlineData("campaign.seed += 1", "campaign.seed: it must be a single value")]
    [InlineData("campaign.judging.timeout = 1e300", "campaign.judging.timeout is 1e300: it must be a duration")]
    [InlineData("campaign.training.loss.beta = NaN", "campaign.training.loss.beta is NaN")]
    [InlineData("campaign.generation.temperature = \"0,7\"", "campaign.generation.temperature is 0,7: it must be a number")]
    [InlineData("campaign.generation.stop-strings = [\"\"]", "campaign.generation.stop-strings: it is empty, and every sample would end")]
    [InlineData(
        "campaign.generation.stop-strings = [\"\\\\q\"]",
        "campaign.generation.stop-strings is \\q: it has a backslash that begins no escape")]
    [InlineData(
        "campaign.training.loss.label-smoothing = 0.5",
        "campaign.training.loss.label-smoothing is 0.5: it must be a number from 0 to below 0.5")]
    [InlineData("campaign.training.lion-beta2 = 0.999", "campaign.training.lion-beta2 is 0.999: it must be a number from 0 to 0.995")]
    [InlineData("campaign.training.warmup-ratio = 1.1", "campaign.training.warmup-ratio is 1.1: it must be a number from 0 to 1")]
    [InlineData("campaign.training.max-steps = -1", "campaign.training.max-steps is -1: it must be a whole number, 0 or more")]
    [InlineData("campaign.training.validation-share = 1", "campaign.training.validation-share is 1: it must be a number from 0 to 0.9")]
    [InlineData(
        "campaign.training.evaluation-steps = -5",
        "campaign.training.evaluation-steps is -5: it must be a whole number, 0 or more")]
    [InlineData(
        "campaign.training.evaluation-steps = 5",
        "evaluation-steps is 5: there is nothing to evaluate on; set training.validation-share, or 0 here")]
    [InlineData("campaign.training.early-stopping-patience = -2", "campaign.training.early-stopping-patience is -2")]
    [InlineData(
        "campaign.training { validation-share = 0.1, early-stopping-patience = 2 }",
        "early-stopping-patience is 2: there is one evaluation, at the end; set training.evaluation-steps, or 0 here")]
    [InlineData("campaign.training.reference-sync.steps = -1", "campaign.training.reference-sync.steps is -1")]
    [InlineData(
        "campaign.training.reference-sync.mix = 0",
        "campaign.training.reference-sync.mix is 0: it must be a number from 0.0001 to 1")]
    [InlineData("campaign.training.reference-sync.mix = 1.5", "campaign.training.reference-sync.mix is 1.5")]
    [InlineData("campaign.generation.top-p = 1.5", "campaign.generation.top-p is 1.5: it must be a number from 0.001 to 1")]
    [InlineData(
        "campaign.generation.samples-per-prompt = 1",
        "one sample alone makes no pair; set 2 or more, or let a judge of type data-answer")]
    [InlineData("campaign.judging.timeout = soon", "campaign.judging.timeout is soon: it must be a duration from 1ms to 1d")]
    [InlineData("campaign.judging.timeout = infinite", "it must be a duration from 1ms to 1d")]
    [InlineData("campaign.prompts.tasks = add", "campaign.prompts.tasks: it must be a list")]
    [InlineData("campaign.prompts.tasks = []", "it must name at least one")]
    [InlineData("campaign.prompts.tasks = [add, add]", "none twice")]
    [InlineData("campaign.generation.max-tokens = 5000", "it must leave room for the prompt in generation.context-tokens (1024)")]
    [InlineData("campaign.evaluation.max-tokens = 1024", "it must leave room for the prompt in generation.context-tokens (1024)")]
    public void Load_value_out_of_range_or_of_the_wrong_type(string line, string expected) => AssertRefused(line, expected);

    [Theory]
    [InlineData(
        "campaign.pairs.strategy = best-wurst",
        "must be one of best-worst, best-random, best-second, all-above-margin, top-bottom, rejection-sampling, length-matched, best-two-sigma (did you mean best-worst?)")]
    [InlineData("campaign.prompts.order = curiculum", "must be one of new, repeated, curriculum (did you mean curriculum?)")]
    [InlineData("campaign.training.loss.type = sigmoit", "(did you mean sigmoid?)")]
    [InlineData("campaign.prompts.tasks = [ad]", "(did you mean add?)")]
    [InlineData("campaign.training.optimizer = adam", "must be one of adamw, lion (did you mean adamw?)")]
    [InlineData("campaign.training.lora.targets = [attn_qq]", "(did you mean attn_q?)")]
    [InlineData("campaign.training.lora.use-rslora = maybe", "campaign.training.lora.use-rslora is maybe: it must be one of on, off")]
    [InlineData(
        "campaign.policy.reference = emma",
        "campaign.policy.reference is emma: it must be one of base, previous, ema, none (did you mean ema?)")]
    [InlineData("campaign.policy.data = replays", "must be one of new, accumulated, replay (did you mean replay?)")]
    public void Load_word_that_is_none_of_those_allowed(string line, string expected) => AssertRefused(line, expected);

    [Theory]
    [InlineData(
        "campaign.policy.reference-ema-decay = 1",
        "campaign.policy.reference-ema-decay is 1: it must be a number from 0 to 0.9999")]
    [InlineData("campaign.policy.replay-share = 0", "campaign.policy.replay-share is 0: it must be a number from 0.001 to 0.95")]
    [InlineData(
        "campaign.policy { reference = ema, initialisation = base }",
        "campaign.policy.reference is ema: an average needs adapters that go on from each other")]
    [InlineData(
        "campaign.policy.reference = none",
        "campaign.policy.reference is none: sigmoid compares the policy with a reference; set base, previous or ema, or a loss without one, or training.loss.reference-free = on")]
    [InlineData(
        "campaign { policy.reference = base, training.loss.type = simpo }",
        "campaign.policy.reference is base: simpo has no reference here; set none")]
    [InlineData(
        "campaign { policy.reference = base, training.loss.reference-free = on }",
        "campaign.policy.reference is base: with training.loss.reference-free = on sigmoid has no reference; set none, or reference-free = off")]
    [InlineData(
        "campaign { training.reference-sync.steps = 5, training.loss.reference-free = on }",
        "sigmoid has no reference that could follow the policy; set 0")]
    [InlineData(
        "campaign { policy.reference = ema, training.loss.type = [simpo, sft] }",
        "campaign.policy.reference is ema: simpo, sft has no reference here; set none")]
    [InlineData(
        "campaign.training { loss.type = simpo, reference-sync.steps = 512 }",
        "campaign.training.reference-sync.steps is 512: simpo has no reference that could follow the policy; set 0")]
    public void Load_policy_that_has_no_meaning(string line, string expected) => AssertRefused(line, expected);

    [Theory]
    [InlineData("campaign {\n  seed = 1\n", "line 2: the '{' here is never closed")]
    [InlineData("campaign.seed = 1\n}\n", "line 3: '}' is one too many")]
    [InlineData("campaign.name = \"test\n", "line 2: the quote that opens here is never closed")]
    [InlineData("campaign.prompts.tasks = [add,\n", "line 2: the '[' here is never closed")]
    [InlineData("campaign.seed =\ncampaign.rounds = 2", "line 2: \"campaign.seed\" has no value")]
    [InlineData("campaign.seed\ncampaign.rounds = 2", "line 2: \"campaign.seed\" has no value")]
    [InlineData("campaign.model = c:model.gguf", "line 2: put the value of \"campaign.model\" in quotes")]
    [InlineData("campaign.seed = 1\n@ = 2", "line 3: a key was expected here, and not '@'")]
    public void Load_malformed_file_names_the_line(string text, string expected)
    {
        var error = Assert.Throws<UserInputException>(() => _files.Load(text));

        Assert.Contains($"campaign.conf, {expected}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_substitution_without_target_names_it()
    {
        var error = Assert.Throws<UserInputException>(() => _files.Load("campaign.seed = ${no.such.key}"));

        Assert.Contains("campaign.conf, line 2: ${no.such.key} stands for nothing", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("campaign.judging.judges.p.type = ensemble", "campaign.judging.judges.p.members: it must be set")]
    [InlineData("campaign.judging.judges.p.type = cascade", "campaign.judging.judges.p.steps: it must be set")]
    public void Load_judge_without_those_it_asks_names_the_key(string line, string expected) =>
        Assert.Contains(expected, Refusal(() => _files.Load(line)), StringComparison.Ordinal);

    [Fact]
    public void Load_missing_file_names_it()
    {
        var path = Path.Combine(_files.Directory, "no.conf");

        Assert.Contains(
            $"{path}: there is no such configuration file",
            Refusal(() => CampaignConfiguration.Load(path)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Load_missing_include_names_the_line_and_the_file()
    {
        var message = Refusal(() => _files.Load("campaign.seed = 1\ninclude \"no.conf\""));

        Assert.Contains("campaign.conf, line 3: the included file", message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(_files.Directory, "no.conf"), message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_file_that_includes_itself_is_refused()
    {
        _files.Write("other.conf", "include \"campaign.conf\"");

        Assert.Contains("includes itself", Refusal(() => _files.Load("include \"other.conf\"")), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_error_in_an_included_file_names_that_file()
    {
        _files.Write("other.conf", "\ncampaign.rounds = 0");

        Assert.Contains(
            "other.conf, line 2: campaign.rounds is 0",
            Refusal(() => _files.Load("include \"other.conf\"")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Load_bad_override_names_the_option()
    {
        var message = Refusal(() => _files.Load("", new ConfigurationOverride("campaign.rounds", "-2", "--rounds")));

        Assert.StartsWith("--rounds: campaign.rounds is -2", message, StringComparison.Ordinal);
    }

    private static string Refusal(Action load) => Assert.Throws<UserInputException>(load).Message;

    [Theory]
    [InlineData("type = http, model = x", "url: it must be set")]
    [InlineData("type = http, url = \"http://localhost\"", "model: it must be set")]
    [InlineData("type = command", "command: it must be a program and its arguments")]
    public void Load_of_a_judge_without_what_it_must_have(string judge, string expected) =>
        Assert.Contains(
            $"campaign.conf, line 2: campaign.judging.judges.mine.{expected}",
            Refusal(() => _files.Load($"campaign.judging.judges.mine {{ {judge} }}")),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("key-variable = sk-s3cret")]
    [InlineData("key-variable = s3cret")]
    [InlineData("key = sk-s3cret")]
    [InlineData("url = \"https://user:s3cret@api.example/v1\"")]
    [InlineData("url = \"https://api.example/v1?key=s3cret\"")]
    public void Load_of_a_key_in_the_file_is_refused_without_repeating_it(string line)
    {
        var error = Assert.Throws<UserInputException>(
            () => _files.Load($"campaign.judging.judges.mine {{ type = http, model = x, url = \"https://api.example/v1\"\n{line} }}"));

        Assert.Contains("campaign.judging.judges.mine", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error.Message, StringComparison.Ordinal);
    }

    private void AssertRefused(string line, string expected)
    {
        var message = Refusal(() => _files.Load(line));

        Assert.Contains("campaign.conf, line 2: ", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }
}
