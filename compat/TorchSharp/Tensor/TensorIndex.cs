namespace TorchSharp;

public static partial class torch
{
    /// <summary>One entry of <c>tensor[...]</c>.</summary>
    public struct TensorIndex
    {
        private const long NotGiven = long.MinValue;

        private Entry _entry;
        private Tensor? _tensor;

        public static TensorIndex Ellipsis = new() { _entry = { Kind = Kind.Ellipsis } };
        public static TensorIndex None = new() { _entry = { Kind = Kind.NewAxis } };
        public static TensorIndex Null = None;
        public static TensorIndex Colon = Slice();

        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) => new()
        {
            _entry = { Kind = Kind.Slice, Start = start ?? NotGiven, Stop = stop ?? NotGiven, Step = step ?? NotGiven },
        };

        public static TensorIndex Bool(bool value) => new() { _entry = { Kind = Kind.Bool, Start = value ? 1 : 0 } };

        public static TensorIndex Single(long? index) => new() { _entry = { Kind = Kind.Integer, Start = index ?? 0 } };

        public static TensorIndex Tensor(Tensor tensor) => new() { _entry = { Kind = Kind.Tensor }, _tensor = tensor };

        public static implicit operator TensorIndex(long value) => Single(value);

        public static implicit operator TensorIndex(Range range) => Slice(
            range.Start.IsFromEnd ? -range.Start.Value : range.Start.Value,
            !range.End.IsFromEnd ? range.End.Value : range.End.Value == 0 ? null : -range.End.Value);

        public static implicit operator TensorIndex(Index index) => Single(index.IsFromEnd ? -index.Value : index.Value);

        /// <summary>Only there so that the compiler resolves overloads as with the package.</summary>
        public static implicit operator Tensor(TensorIndex value) => throw new InvalidOperationException("Should not be called.");

        internal static Entry[] Encode(TensorIndex[] indices)
        {
            var entries = new Entry[indices.Length];
            for (var i = 0; i < entries.Length; i++)
            {
                entries[i] = indices[i]._entry;
                entries[i].Handle = indices[i]._tensor is { } tensor ? tensor.Handle : 0;
            }
            return entries;
        }

        private static class Kind
        {
            internal const long Integer = 1, NewAxis = 2, Ellipsis = 3, Bool = 4, Tensor = 5, Slice = 6;
        }

        /// <summary>As views.cpp reads it.</summary>
        internal struct Entry
        {
            internal long Kind, Start, Stop, Step;
            internal nint Handle;
        }
    }
}
