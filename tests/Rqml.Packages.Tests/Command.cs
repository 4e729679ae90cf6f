using System.Diagnostics;

namespace Rqml.Packages.Tests;

/// <summary>A program that ran to its end, and all that it said.</summary>
internal sealed record Command(int ExitCode, string Output)
{
    /// <summary>For what hangs: packing a release takes minutes of a processor, and has only what others leave of it where eng/test runs it.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(25);

    /// <summary>Runs it, and fails where it fails.</summary>
    public static async Task<string> RunAsync(string folder, string program, params string[] arguments)
    {
        var command = await TryAsync(folder, program, arguments);
        Assert.True(command.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {command.ExitCode}:\n{command.Output}");
        return command.Output;
    }

    /// <summary>Runs it; that it fails is an answer.</summary>
    public static async Task<Command> TryAsync(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // Servers that a build leaves behind would hold its output open, and outlive the tests.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        using var limit = new CancellationTokenSource(Limit);
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new Command(process.ExitCode, await output + await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end within {Limit}.");
        }
    }
}
