using System.Diagnostics;
using System.Globalization;

namespace Rqml.Soak.Fabric;

/// <summary>An application, its workers and, where one is started, its scheduler in processes of their own, joined by one transport, with stores and logs in one folder; judged by what they wrote down.</summary>
internal sealed class Crew : IAsyncDisposable
{
    private const int KeepSeconds = 60;
    private const int HeardAgainPerLife = 200;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan EndsWithin = TimeSpan.FromMinutes(2);

    private readonly RealTransport _transport;
    private readonly ulong _seed;
    private readonly string _folder = Directory.CreateTempSubdirectory("rqml-").FullName;
    private readonly Dictionary<string, string> _addresses = [];
    private readonly List<IAsyncDisposable> _processes = [];
    private readonly List<WorkerProcess> _workers = [];
    private readonly List<string> _complaints = [];
    private Child? _scheduler;
    private int _life;
    private string _left = "nothing said of what was left";

    public Crew(RealTransport transport, ulong seed) => (_transport, _seed) = (transport, seed);

    public Judge Judge { get; } = new(Grace);

    /// <summary>Where the application of this life writes down what it submits and hears.</summary>
    public string Tasks => Journal.TasksOf(_folder, _life);

    /// <summary>Whether nothing was lost, settled twice, wrong or left open, and no process ended but by our hand.</summary>
    public bool Holds => Judge is { Lost: 0, SettledTwice: 0, Wrong: 0 } && _complaints.Count == 0 && _left.EndsWith("open 0", StringComparison.Ordinal);

    public string Verdict => FormattableString.Invariant($"{Judge.Heard:N0} settled, {Judge.Lost} lost, {Judge.SettledTwice} settled twice, {Judge.Wrong} wrong, {_left}");

    /// <summary>What the judge finds fault with, and what was wrong with the processes themselves.</summary>
    public IEnumerable<string> Faults => Judge.Faults.Concat(_complaints);

    private string SchedulerAddress => AddressOf(_scheduler is null ? Application.Node : Scheduler.Node);

    /// <summary>Starts a scheduler apart, which the application and its workers join; before them.</summary>
    public async Task StartSchedulerAsync()
    {
        _scheduler = Child.Start(Scheduler.Word, _folder, AddressOf(Scheduler.Node));
        _processes.Add(_scheduler);
        await _scheduler.ReadAsync();
    }

    /// <summary>Starts a life of the application, which takes over what the one before left, and waits until it is open.</summary>
    public async Task<ApplicationProcess> StartApplicationAsync(bool isToBeKilled)
    {
        _life++;
        _workers.Clear();
        using (var inheritance = File.Create(Journal.InheritanceOf(_folder, _life)))
        {
            foreach (var entry in Judge.Inheritance(HeardAgainPerLife)) inheritance.Write(entry.ToBytes());
        }

        var settings = new ApplicationSettings(_folder, _seed, _life, Judge.Submitted + 1, KeepSeconds, isToBeKilled, AddressOf(Application.Node), _scheduler is null ? "" : SchedulerAddress);
        var application = ApplicationProcess.Start(settings, Hear);
        _processes.Add(application);
        await application.Open;
        Judge.BeginLife(Stopwatch.GetTimestamp());
        return application;
    }

    /// <summary>Starts a node that works for the application, once more or for the first time: it keeps its store and its address.</summary>
    /// <param name="node">Its name.</param>
    /// <param name="pauseMs">How much longer each of its calls takes: whoever is slow is in mid-task always.</param>
    public WorkerProcess StartWorker(string node, int pauseMs = 0)
    {
        var log = (_workers.Count + 1) * 1_000 + _life;      // beside those of the application's lives
        var worker = new WorkerProcess(Child.Start(Worker.Word, _folder, Text(_seed), Text(log), node, SchedulerAddress, AddressOf(node), Text(pauseMs)), node, Journal.CallsOf(_folder, log), Journal.TasksOf(_folder, log));
        _processes.Add(worker.Process);
        _workers.Add(worker);
        return worker;
    }

    /// <summary>As kill -9 does; false where it was not there any more, which is a fault.</summary>
    public async Task<bool> KillAsync(WorkerProcess worker) => HasHit(await worker.Process.KillAsync(), worker.Node);

    /// <summary>As kill -9 does; false where it was not there any more, which is a fault.</summary>
    public async Task<bool> KillAsync(ApplicationProcess application) => HasHit(await application.KillAsync(), "the application");

    /// <summary>Lets the application hear of all that is open, and end.</summary>
    public async Task EndAsync(ApplicationProcess application)
    {
        try
        {
            await application.TellAsync("stop 0");
            var code = await application.EndAsync().WaitAsync(EndsWithin);
            if (code != 0) _complaints.Add($"the application ended with {code}");
        }
        catch (TimeoutException)
        {
            _complaints.Add($"the application did not end within {EndsWithin.TotalSeconds:0} s");
            await application.KillAsync();
        }
        catch (IOException)
        {
            _complaints.Add("the application had ended when it was told to");      // its pipe is broken
        }
    }

    /// <summary>Ends the scheduler that stands apart.</summary>
    public async Task EndSchedulerAsync()
    {
        var code = await _scheduler!.EndAsync();
        if (code != 0) _complaints.Add($"the scheduler ended with {code}");
    }

    /// <summary>Hands the judge what this life's application wrote down, and then what its workers did.</summary>
    public void Take()
    {
        if (Entry.In(Journal.CallsOf(_folder, _life)).Any()) _complaints.Add("the application called a model itself");
        Take(Tasks);
        foreach (var worker in _workers) Take(worker);
    }

    /// <summary>Hands the judge what one worker wrote down, after what the application did.</summary>
    public void Take(WorkerProcess worker)
    {
        Take(worker.Wrongs);
        Take(worker.Calls);
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

    private bool HasHit(bool hasHit, string who)
    {
        if (!hasHit) _complaints.Add($"{who} ended by itself, in life {_life}");
        return hasHit;
    }

    private string AddressOf(string node)
    {
        if (!_addresses.TryGetValue(node, out var address)) _addresses.Add(node, address = _transport.NewAddress(_folder, node).AbsoluteUri);
        return address;
    }

    private void Hear(string line)
    {
        if (line.StartsWith("left ", StringComparison.Ordinal)) _left = line;
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
