using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Training;

namespace IterativeDpo.Actors;

/// <summary>Makes the engines; a worker whose engine failed asks for a new one.</summary>
/// <param name="Judge">Makes the judge of this name, see <see cref="Campaigns.Configuration.JudgingOptions.Find"/>.</param>
public sealed record CampaignEngines(Func<IGenerator> Generator, Func<ITrainer> Trainer, Func<string, IJudge> Judge);
