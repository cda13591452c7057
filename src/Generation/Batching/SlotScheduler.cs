namespace IterativeDpo.Generation.Batching;

/// <summary>A sample that takes a slot.</summary>
/// <param name="OpensRequest">Whether it is its request's first: the prompt is to be computed now.</param>
public readonly record struct Admission(int Request, int Sample, int Slot, bool OpensRequest);

/// <summary>
/// Which sample runs in which slot. Samples are admitted in order, each to the lowest free slot as soon as there is one, so a request
/// can start while the one before is still running. Knows nothing of models.
/// </summary>
public sealed class SlotScheduler
{
    private readonly IReadOnlyList<int> _samples;
    private readonly bool[] _busy;
    private int _request;
    private int _sample;

    /// <param name="samples">How many samples each request has, at least one.</param>
    public SlotScheduler(int slots, IReadOnlyList<int> samples)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slots, 1);
        if (samples.Any(count => count < 1))
        {
            throw new ArgumentException("every request needs at least one sample", nameof(samples));
        }
        _samples = samples;
        _busy = new bool[slots];
    }

    /// <summary>Busy slots. After <see cref="Compact"/> these are the slots 0 to Active - 1.</summary>
    public int Active { get; private set; }

    /// <summary>Gives the next waiting sample a slot, if there are both.</summary>
    public bool TryAdmit(out Admission admission)
    {
        admission = default;
        if (_request == _samples.Count || Active == _busy.Length)
        {
            return false;
        }
        var slot = Array.IndexOf(_busy, false);
        admission = new Admission(_request, _sample, slot, OpensRequest: _sample == 0);
        _busy[slot] = true;
        Active++;
        if (++_sample == _samples[_request])
        {
            _sample = 0;
            _request++;
        }
        return true;
    }

    /// <summary>Frees a slot.</summary>
    public void Release(int slot)
    {
        if (!_busy[slot])
        {
            throw new InvalidOperationException($"slot {slot} is free already");
        }
        _busy[slot] = false;
        Active--;
    }

    /// <summary>
    /// One move from the highest busy slot to a gap below it; call until there is none. llama.cpp computes neighbouring sequences
    /// together and splits a batch at every gap.
    /// </summary>
    public bool Compact(out int from, out int to)
    {
        from = Array.LastIndexOf(_busy, true);
        to = Array.IndexOf(_busy, false);
        if (to < 0 || from < to)
        {
            return false;
        }
        _busy[from] = false;
        _busy[to] = true;
        return true;
    }
}
