namespace IterativeDpo.Judging.Quality;

/// <summary>
/// How good a judge's verdicts are and what they cost. A pair is any two samples of one prompt that differ in text and that the judge
/// gave a verdict on.
/// </summary>
/// <param name="Prompts">Prompts given to the judge.</param>
/// <param name="Failures">Of those, the ones it failed on.</param>
/// <param name="Samples">Samples with a verdict, abstentions included.</param>
/// <param name="Abstentions">Where the judge said that it cannot tell: of the comparisons of a judge that compares, else of the
/// samples.</param>
/// <param name="Ties">Pairs it finds equal, of those it did not abstain on.</param>
/// <param name="Flips">Comparisons whose winner depends on which sample was shown first, of those made in both orders.</param>
/// <param name="FlipsToFirst">Of the flips, those in which the sample shown first won both times: 1 is a bias to the first, 0 to the
/// last.</param>
/// <param name="StandardLength">The length bias of the standard itself, for comparison.</param>
/// <param name="Agreement">With the standard; null where there is none.</param>
/// <param name="SelfPreference">Wins of the judge's own model, of the pairs that set it against another one's sample and have a
/// winner.</param>
/// <param name="Latency">Of the verdicts that were timed.</param>
public sealed record JudgeFigures(
    int Prompts,
    int Failures,
    long Samples,
    Share Abstentions,
    Share Ties,
    Share Flips,
    Share FlipsToFirst,
    LengthBias Length,
    LengthBias? StandardLength,
    Agreement? Agreement,
    Share SelfPreference,
    JudgeUsage? Usage,
    Latency Latency);
