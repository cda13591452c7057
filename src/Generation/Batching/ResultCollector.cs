namespace IterativeDpo.Generation.Batching;

/// <summary>Gathers each request's samples, in the order of their indices, and reports a request when it has all.</summary>
internal sealed class ResultCollector(IReadOnlyList<EncodedRequest> requests, Action<PromptSamples> onFinished)
{
    private readonly Sample[]?[] _samples = new Sample[requests.Count][];
    private readonly int[] _missing = [.. requests.Select(r => r.Request.Seeds.Count)];

    public void Add(int request, Sample sample)
    {
        var samples = _samples[request] ??= new Sample[_missing[request]];
        samples[sample.Index] = sample;
        if (--_missing[request] == 0)
        {
            _samples[request] = null;
            onFinished(new PromptSamples(requests[request].Request.Prompt, requests[request].PromptIds, samples));
        }
    }
}
