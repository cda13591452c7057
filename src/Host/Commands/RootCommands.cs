using System.CommandLine;

namespace IterativeDpo.Host.Commands;

/// <summary>Every command of the <c>dpo</c> executable. (<c>./dpo test</c> belongs to the launcher.)</summary>
public static class RootCommands
{
    public static RootCommand Create()
    {
        var root = new RootCommand(
            "Iterative DPO: a language model improves on its own samples, round by round. Exit codes: 0 done, 1 failed, 2 bad usage or configuration, 130 interrupted (state saved).")
        {
            RunCommand.CreateQuickstart(),
            RunCommand.CreateRun(),
            StatusCommand.CreateStatus(),
            StatusCommand.CreateReport(),
            PageCommand.Create(),
            ReplayCommand.Create(),
            ForkCommand.Create(),
            CompareCommand.Create(),
            NodeCommand.Create(),
            SubmitCommand.Create(),
            ClusterCommands.CreateNodes(),
            ClusterCommands.CreateDrain(),
            ClusterCommands.CreateCampaigns(),
            ClusterCommands.CreatePause(),
            ClusterCommands.CreateResume(),
            ClusterCommands.CreateCancel(),
            TrainCommand.Create(),
            GenerateCommand.Create(),
            JudgeCommand.Create(),
            JudgesCommand.Create(),
            PeopleCommand.Create(),
            PairsCommand.Create(),
            ExportCommand.Create(),
            ImportCommand.Create(),
            ConvertCommand.Create(),
            ConvertModelCommand.Create(),
            ModelCommand.Create(),
            CertificatesCommand.Create(),
            SeedCommand.Create(),
            BenchCommand.Create(),
            DoctorCommand.Create(),
        };
        ExamplesHelp.Apply(root);
        return root;
    }
}
