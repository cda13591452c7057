namespace IterativeDpo.Actors.Configuration;

/// <summary>Where a setting was written: what a message names, and what its relative paths start from.</summary>
/// <param name="Place">A file and line, or an option of the command line.</param>
/// <param name="Directory">Relative paths are relative to this directory.</param>
/// <param name="IsDefault">Nobody wrote it: the place is the configuration as a whole.</param>
internal sealed record ConfigurationOrigin(string Place, string Directory, bool IsDefault = false);
