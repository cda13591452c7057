using System.Runtime.Intrinsics;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary><see cref="Rotations"/> by position, for heads that are turned as they are read.</summary>
internal sealed unsafe class RotationTable
{
    private readonly int _headDim;
    private readonly float[] _cosines;
    private readonly float[] _sines; // Of a pair's first element negative.

    public RotationTable(ModelConfig config, BlockAttention block, PackedBatch batch)
    {
        var positions = batch.Positions.DefaultIfEmpty(-1).Max() + 1;
        _headDim = config.HeadDim;
        (_cosines, _sines) = (new float[positions * _headDim], new float[positions * _headDim]);
        for (var i = 0; i < _headDim / 2; i++)
        {
            var (frequency, length) = (Rotations.Frequency(config, block, i), Rotations.Length(config, block, i));
            for (var position = 0; position < positions; position++)
            {
                var at = position * _headDim + 2 * i;
                _cosines[at] = _cosines[at + 1] = (float)(Math.Cos(position * frequency) * length);
                _sines[at + 1] = (float)(Math.Sin(position * frequency) * length);
                _sines[at] = -_sines[at + 1];
            }
        }
    }

    /// <summary>Reads a head's elements, turned.</summary>
    /// <param name="head">The first of them.</param>
    public void Load<TElement>(void* elements, long head, int position, float* into) where TElement : IElement
    {
        fixed (float* cosines = &_cosines[position * _headDim], sines = &_sines[position * _headDim])
        {
            var i = 0;
            for (; i <= _headDim - Lanes.Count; i += Lanes.Count)
            {
                var x = TElement.Load(elements, head + i);
                (x * Lanes.Load(cosines + i) + Swapped(x) * Lanes.Load(sines + i)).Store(into + i);
            }
            for (; i < _headDim; i++)
            {
                into[i] = TElement.LoadOne(elements, head + i) * cosines[i] + TElement.LoadOne(elements, head + (i ^ 1)) * sines[i];
            }
        }
    }

    /// <summary>Writes the gradient of a head's elements from that of the turned ones: turned back, of the same length.</summary>
    /// <param name="head">The first of them.</param>
    public void StoreGradient<TElement>(float* gradient, int position, void* elements, long head) where TElement : IElement
    {
        fixed (float* cosines = &_cosines[position * _headDim], sines = &_sines[position * _headDim])
        {
            var i = 0;
            for (; i <= _headDim - Lanes.Count; i += Lanes.Count)
            {
                var x = Lanes.Load(gradient + i);
                TElement.Store(elements, head + i, x * Lanes.Load(cosines + i) - Swapped(x) * Lanes.Load(sines + i));
            }
            for (; i < _headDim; i++)
            {
                TElement.StoreOne(elements, head + i, gradient[i] * cosines[i] - gradient[i ^ 1] * sines[i]);
            }
        }
    }

    /// <summary>The elements of each pair in the other order.</summary>
    private static Lanes Swapped(Lanes x) => new(Swapped(x.Low), Swapped(x.High));

    private static Vector256<float> Swapped(Vector256<float> x) => Vector256.Shuffle(x, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6));
}
