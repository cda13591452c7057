namespace IterativeDpo.Artifacts.Tests;

/// <summary>Random damage to a file's bytes.</summary>
internal static class Damage
{
    /// <summary>Flips bits, overwrites with extreme values, cuts, or repeats a stretch; mostly in the header, where it hurts.</summary>
    public static byte[] Mutate(byte[] whole, Random random)
    {
        var bytes = whole.ToArray();
        for (var faults = random.Next(1, 4); faults > 0; faults--)
        {
            var at = random.Next(random.Next(4) == 0 ? bytes.Length : Math.Min(bytes.Length, 4000));
            switch (random.Next(5))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes.AsSpan(at, Math.Min(8, bytes.Length - at)).Fill(random.Next(2) == 0 ? (byte)0xFF : (byte)0); break;
                case 3: bytes.AsSpan(random.Next(bytes.Length - 64), 64).CopyTo(bytes.AsSpan(Math.Min(at, bytes.Length - 64))); break;
                default: bytes = bytes[..Math.Max(at, 65)]; break;
            }
        }
        return bytes;
    }
}
