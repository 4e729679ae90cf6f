using System.Diagnostics;
using System.Globalization;

namespace Rqml.Soak.Fabric;

/// <summary>An application and its workers in processes of their own, joined by one transport, with stores and logs in one folder; judged by what they wrote down.</summary>
internal sealed class Crew : IAsyncDisposable
{
    private const int KeepSeconds = 60;
    private const int HeardAgainPerLife = 200;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(30);

    private readonly RealTransport _transport;
    private readonly ulong _seed;
    private readonly string _folder = Directory.CreateTempSubdirectory("rqml-").FullName;
    private readonly string _scheduler;
    private readonly Dictionary<string, string> _addresses = [];
    private readonly List<IAsyncDisposable> _processes = [];
    private readonly List<WorkerProcess> _workers = [];
    private int _life;
    private string _left = "nothing said of what was left";

    public Crew(RealTransport transport, ulong seed)
    {
        (_transport, _seed) = (transport, seed);
        _scheduler = transport.NewAddress(_folder, Application.Node).AbsoluteUri;
    }

    public Judge Judge { get; } = new(Grace);

    /// <summary>Where the application of this life writes down what it submits and hears.</summary>
    public string Tasks => Journal.TasksOf(_folder, _life);

    /// <summary>Whether nothing was lost, settled twice, wrong or left open.</summary>
    public bool Holds => Judge is { Lost: 0, SettledTwice: 0, Wrong: 0 } && _left.EndsWith("open 0", StringComparison.Ordinal);

    public string Verdict => FormattableString.Invariant($"{Judge.Heard:N0} settled, {Judge.Lost} lost, {Judge.SettledTwice} settled twice, {Judge.Wrong} wrong, {_left}");

    /// <summary>Starts a life of the application, which takes over what the one before left, and waits until it is open.</summary>
    public async Task<ApplicationProcess> StartApplicationAsync(bool isToBeKilled)
    {
        _life++;
        _workers.Clear();
        using (var inheritance = File.Create(Journal.InheritanceOf(_folder, _life)))
        {
            foreach (var entry in Judge.Inheritance(HeardAgainPerLife)) inheritance.Write(entry.ToBytes());
        }

        var application = ApplicationProcess.Start(new ApplicationSettings(_folder, _seed, _life, Judge.Submitted + 1, KeepSeconds, isToBeKilled, _scheduler), Hear);
        _processes.Add(application);
        await application.Open;
        Judge.BeginLife(Stopwatch.GetTimestamp());
        return application;
    }

    /// <summary>Starts a node that works for the application, once more or for the first time: it keeps its store and its address.</summary>
    public WorkerProcess StartWorker(string node)
    {
        if (!_addresses.TryGetValue(node, out var listen)) _addresses.Add(node, listen = _transport.NewAddress(_folder, node).AbsoluteUri);
        var log = (_workers.Count + 1) * 1_000 + _life;      // beside those of the application's lives
        var worker = new WorkerProcess(Child.Start(Worker.Word, _folder, Text(_seed), Text(log), node, _scheduler, listen), Journal.CallsOf(_folder, log));
        _processes.Add(worker.Process);
        _workers.Add(worker);
        return worker;
    }

    /// <summary>Lets the application hear of all that is open, and end. Where it does not, what it waits for is lost, as the judge will say.</summary>
    public static async Task EndAsync(ApplicationProcess application)
    {
        await application.TellAsync("stop 0");
        try
        {
            await application.EndAsync().WaitAsync(EndsWithin);
        }
        catch (TimeoutException)
        {
            await application.KillAsync();
        }
    }

    /// <summary>Hands the judge what this life's application wrote down, and then what its workers did.</summary>
    public void Take()
    {
        Take(Tasks);
        foreach (var worker in _workers) Take(worker.Calls);
    }

    /// <summary>Hands the judge one log. The application's goes before those of its workers.</summary>
    public void Take(string log)
    {
        foreach (var entry in Entry.In(log)) Judge.Take(entry);
        File.Delete(log);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes) await process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private void Hear(string line)
    {
        if (line.StartsWith("left ", StringComparison.Ordinal)) _left = line;
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
