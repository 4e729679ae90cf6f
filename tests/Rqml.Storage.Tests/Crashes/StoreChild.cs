using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Rqml.Storage.CrashChild;
using Rqml.Storage.RocksDb;

namespace Rqml.Storage.Tests.Crashes;

/// <summary>A process that works on a store, and what it reports of itself.</summary>
internal sealed class StoreChild : IDisposable
{
    /// <summary>Many times what a child takes on the slowest machine.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly byte[] _report = new byte[Reports.Bytes];
    private readonly CancellationTokenSource _limit = new(Limit);
    private string? _hung;

    private StoreChild(Process process)
    {
        _process = process;
        _limit.Token.Register(EndHung);
    }

    /// <summary>The last commit that the child said it had begun, and the last that it said was acknowledged; 0 where none.</summary>
    public long Started { get; private set; }

    public long Acknowledged { get; private set; }

    public int ExitCode => _process.ExitCode;

    public static StoreChild Start(string store, int seed, int commits, StoreStep? dieAt = null, int passes = 0, string reportTo = "-",
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments = [typeof(Workload).Assembly.Location, store, Text(seed), Text(commits), reportTo];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        if (dieAt is { } step)
        {
            start.ArgumentList.Add(step.ToString());
            start.ArgumentList.Add(Text(passes));
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException("the child did not start");
        return new StoreChild(process);
    }

    /// <summary>The next report; null when the child has ended.</summary>
    public (ReportKind Kind, long Number)? Read()
    {
        if (_process.StandardOutput.BaseStream.ReadAtLeast(_report, Reports.Bytes, throwOnEndOfStream: false) < Reports.Bytes) return null;
        var (kind, number) = ((ReportKind)_report[0], BinaryPrimitives.ReadInt64LittleEndian(_report.AsSpan(1)));
        if (kind == ReportKind.Started) Started = number;
        if (kind == ReportKind.Acknowledged) Acknowledged = number;
        return (kind, number);
    }

    /// <summary>Reads until a report of this kind; false when the child ended before.</summary>
    public bool ReadUntil(ReportKind kind, int times = 1)
    {
        while (times > 0)
        {
            if (Read() is not { } report) return false;
            if (report.Kind == kind) times--;
        }

        return true;
    }

    public void Kill() => _process.Kill();

    /// <summary>Reads what is left and waits for the end.</summary>
    public void End()
    {
        while (Read() is not null) { }
        _process.WaitForExit();
        Assert.True(_hung is null, _hung);
    }

    /// <summary>What the child wrote to its error output; after its end.</summary>
    public string Errors() => _process.StandardError.ReadToEnd();

    public void Dispose()
    {
        _limit.Dispose();
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    /// <summary>A child that does not end would hold the whole run up: it is ended, and the test that waits for it fails with what the child's threads waited for.</summary>
    private void EndHung()
    {
        if (_process.HasExited) return;
        var threads = Directory.EnumerateDirectories($"/proc/{_process.Id}/task").Select(thread => $"{Line(thread, "comm")} {Line(thread, "wchan")} {Line(thread, "syscall")}");
        _hung = $"the child did not end within {Limit}; last commit begun {Started}, acknowledged {Acknowledged}; its threads:\n{string.Join('\n', threads)}";
        _process.Kill();

        static string Line(string thread, string file)
        {
            try
            {
                return File.ReadAllText(Path.Combine(thread, file)).Trim();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return "?";      // it has ended meanwhile, or is not ours to see
            }
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
