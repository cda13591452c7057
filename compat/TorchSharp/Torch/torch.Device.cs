namespace TorchSharp;

public static partial class torch
{
    public static readonly Device CPU = new(DeviceType.CPU);

    /// <summary>Where a tensor lives. The stand-in has the CPU only.</summary>
    public class Device
    {
        private readonly int _index;

        public DeviceType type { get; }

        internal Device(DeviceType deviceType, int index = -1)
        {
            type = deviceType;
            _index = index;
        }

        public override string ToString() => _index < 0 ? type.ToString().ToLowerInvariant() : $"{type.ToString().ToLowerInvariant()}:{_index}";
    }

    public static Device device(DeviceType deviceType, int index = -1) => InitializeDevice(new Device(deviceType, index));

    internal static Device InitializeDevice(Device? device)
    {
        device ??= CPU;
        if (device.type != DeviceType.CPU)
            throw new InvalidOperationException($"Torch device type {device.type} did not initialise: this build uses the CPU only.");
        return device;
    }

    public static partial class cuda
    {
        public static bool is_available() => false;
    }
}
