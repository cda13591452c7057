namespace IterativeDpo.Training.Torch;

/// <summary>
/// What is computed in our own loops over <see cref="Cpu.CpuMemory"/>; the rest is LibTorch's operations (docs/decisions/012).
/// </summary>
[Flags]
public enum OwnLoops
{
    None = 0,
    Norms = 1,
    Gates = 2,
    Attention = 4,
    All = Norms | Gates | Attention,
}
