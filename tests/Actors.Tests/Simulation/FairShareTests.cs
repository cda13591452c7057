using IterativeDpo.Actors.Protocol;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Tests;

namespace IterativeDpo.Actors.Tests.Simulation;

/// <summary>
/// Many campaigns that share few workers: real desks and slots, with engines that take next to no time, and messages and journal that take
/// some.
/// </summary>
public sealed class FairShareTests
{
    private static readonly CampaignPlan s_plan = CampaignSimulator.Plan with { Rounds = 10_000, Prompts = 16, HeldOutPrompts = 6 };
    private static readonly CampaignSimulator s_results = new();

    private readonly VirtualTime _time = new(1);
    private readonly Dictionary<string, SharedCampaign> _campaigns;

    public FairShareTests()
    {
        _campaigns = Enumerable
            .Range(1, 50)
            .Select(number => $"campaign-{number}")
            .ToDictionary(name => name, name => new SharedCampaign(name, _time));
        var roles = Enum.GetValues<WorkerRole>()
            .Concat(Enumerable.Range(0, 11).Select(number => number % 2 == 0 ? WorkerRole.Generator : WorkerRole.Judge));
        foreach (var role in roles)
        {
            _ = new SharedSlot(role, _time, _campaigns);
        }
    }

    [Fact]
    public void Campaigns_that_share_workers_come_forward_alike()
    {
        int[] rounds;
        do
        {
            for (var i = 0; i < 1000; i++)
            {
                _time.Step();
            }
            rounds = [.. _campaigns.Values.Select(campaign => campaign.Rounds)];
        }
        while (rounds.Max() < 12 && _time.Now < 1_000_000);

        Assert.InRange(rounds.Max(), 12, 1000);
        Assert.True(rounds.Min() * 2 >= rounds.Max(), $"rounds of each campaign: {string.Join(' ', rounds)}");
    }

    /// <summary>What it hears waits while it journals.</summary>
    private sealed class SharedCampaign : IDeskSurroundings<SharedSlot>
    {
        private readonly VirtualTime _time;
        private readonly CampaignDesk<SharedSlot> _desk;
        private readonly Queue<(SharedSlot Sender, ICampaignMessage Message)> _waiting = [];
        private bool _busy;
        private long _sequence;

        public SharedCampaign(string name, VirtualTime time)
        {
            _time = time;
            _desk = new CampaignDesk<SharedSlot>(name, new SkewedClock(time, TimeSpan.Zero), TimeSpan.MaxValue, TimeSpan.Zero, this);
            Hear(null!, new StartCampaign(s_plan with { Campaign = name }));
        }

        public int Rounds => _desk.State.Rounds.Count;

        public void Hear(SharedSlot sender, ICampaignMessage message)
        {
            _waiting.Enqueue((sender, message));
            while (!_busy && _waiting.TryDequeue(out var next))
            {
                _desk.Hear(next.Sender, next.Message);
            }
        }

        void IDeskSurroundings<SharedSlot>.Tell(SharedSlot to, ICampaignMessage message)
        {
            if (to is not null)
            {
                to.Send(() => to.Hear(message));
            }
        }

        void IDeskSurroundings<SharedSlot>.TellWatchers(ICampaignMessage message)
        {
        }

        void IDeskSurroundings<SharedSlot>.Watch(SharedSlot worker)
        {
        }

        void IDeskSurroundings<SharedSlot>.Stop() => throw new InvalidOperationException("There is only one incarnation.");

        void IDeskSurroundings<SharedSlot>.Journal(IReadOnlyList<CampaignEvent> events, Action then)
        {
            _busy = true;
            _time.After(5, 50, null, () =>
            {
                foreach (var @event in events)
                {
                    _desk.Apply(@event, ++_sequence);
                }
                _busy = false;
                then();
                while (!_busy && _waiting.TryDequeue(out var next))
                {
                    _desk.Hear(next.Sender, next.Message);
                }
            });
        }
    }

    /// <summary>Does work in a millisecond or two.</summary>
    private sealed class SharedSlot
    {
        private readonly VirtualTime _time;
        private readonly SlotVoice _voice;
        private long _arrival;

        public SharedSlot(WorkerRole role, VirtualTime time, IReadOnlyDictionary<string, SharedCampaign> campaigns)
        {
            _time = time;
            SlotState state = null!;
            SlotVoice voice = null!;
            state = new SlotState(role, new SkewedClock(time, TimeSpan.Zero), job => time.After(1, 3, null, () =>
            {
                state.End(job, number => new CompleteWork(s_results.ResultOf(job.Order), number));
                voice.Tell();
            }));
            voice = _voice = new SlotVoice(
                state,
                [.. campaigns.Keys],
                (campaign, message) => Send(() => campaigns[campaign].Hear(this, message)),
                others => time.After(100, null, () => voice.TellOthers(others)));
            Tick();

            void Tick()
            {
                voice.Tell();
                time.After(1000, null, Tick);
            }
        }

        /// <summary>What is sent to and from it arrives in order, a little later.</summary>
        public void Send(Action arrive)
        {
            _arrival = Math.Max(_arrival, _time.Now + _time.Random.Next(1, 4));
            _time.After(_arrival - _time.Now, null, arrive);
        }

        public void Hear(ICampaignMessage message)
        {
            switch (message)
            {
                case WorkOrder order:
                    _voice.OnOrder(order);
                    break;
                case WorkSettled settled:
                    _voice.OnSettled(settled);
                    break;
                case NoWork none:
                    _voice.OnNoWork(none.Campaign);
                    break;
            }
        }
    }
}
