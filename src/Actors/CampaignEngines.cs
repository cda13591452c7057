using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.People;
using IterativeDpo.Training;

namespace IterativeDpo.Actors;

/// <summary>Makes the engines; a worker whose engine failed asks for a new one.</summary>
/// <param name="Judge">Makes the judge of this name, see <see cref="Campaigns.Configuration.JudgingOptions.Find"/>.</param>
/// <param name="Machine">What they compute on and with, in words: the same words, the same bits.</param>
/// <param name="Owned">What goes with them when they are not used any more, as models that judges share; null is nothing, or somebody
/// else's.</param>
/// <param name="CheckModel">Makes sure before a campaign begins that the engines agree on the base model, its path and digest; null: nobody
/// does.</param>
/// <param name="People">What people are asked, and what they said; null: there are none.</param>
public sealed record CampaignEngines(
    Func<IGenerator> Generator,
    Func<ITrainer> Trainer,
    Func<string, IJudge> Judge,
    string? Machine = null,
    IAsyncDisposable? Owned = null,
    Action<string, Digest>? CheckModel = null,
    PeopleQueue? People = null);
