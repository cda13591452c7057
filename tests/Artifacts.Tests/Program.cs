using System.Globalization;
using IterativeDpo.Artifacts.Lines;
using IterativeDpo.Artifacts.Store;

// What a test has a second process do: hold a state directory until it is killed, or store or append bytes (under a limit of the shell's).
switch (args)
{
    case ["hold", var path, var campaign]:
        using (StateDirectory.Open(path, campaign))
        {
            Console.WriteLine("held");
            Console.In.ReadLine();
        }
        return 0;
    case ["put", var root, var length]:
        try
        {
            new ArtifactStore(root).Put(new byte[int.Parse(length, CultureInfo.InvariantCulture)]);
            return 0;
        }
        catch (StorageException e)
        {
            Console.WriteLine(e.Message);
            return 3;
        }
    case ["append", var path, var length]:
        using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0))
        {
            var lines = new JsonLines<string>("not a text", "");
            lines.Append(file, path, "first", flushToDisk: false);
            try
            {
                lines.Append(file, path, new string('a', int.Parse(length, CultureInfo.InvariantCulture)), flushToDisk: false);
                return 0;
            }
            catch (StorageException e)
            {
                Console.WriteLine(e.Message);
                return 3;
            }
        }
    default:
        Console.Error.WriteLine("hold DIRECTORY CAMPAIGN | put ROOT BYTES | append FILE BYTES");
        return 2;
}
