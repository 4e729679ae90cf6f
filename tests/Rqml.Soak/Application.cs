using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rqml.Hosting;
using Rqml.Soak.Cluster;
using Rqml.Soak.Fabric;

namespace Rqml.Soak;

/// <summary>One life of the process under test.</summary>
/// <param name="Folder">Stores and logs.</param>
/// <param name="Seed">Of the whole soak.</param>
/// <param name="Life">Its number, from 1.</param>
/// <param name="NextNumber">Of the first task that is new.</param>
/// <param name="KeepSeconds">How long a result is kept.</param>
/// <param name="IsToBeKilled">Whether it ends by kill -9: then its own second node may be killed before, and guests stay longer.</param>
/// <param name="Listen">Where it is met by nodes in processes of their own, which work for it; empty: it works itself, with guests of its own process.</param>
/// <param name="Scheduler">Where it joins a scheduler in a process of its own; empty: it schedules itself.</param>
/// <param name="Etcd">Where it finds the cluster that works for it; empty: it belongs to none.</param>
/// <param name="Callers">Tasks that are open at a time.</param>
internal sealed record ApplicationSettings(string Folder, ulong Seed, int Life, long NextNumber, int KeepSeconds, bool IsToBeKilled, string Listen = "", string Scheduler = "", string Etcd = "", int Callers = 192)
{
    public string[] ToArguments() => [Folder, Text(Seed), Text(Life), Text(NextNumber), Text(KeepSeconds), IsToBeKilled.ToString(), Listen, Scheduler, Etcd, Text(Callers)];

    public static ApplicationSettings Parse(string[] words) => new(
        words[0], ulong.Parse(words[1], CultureInfo.InvariantCulture), int.Parse(words[2], CultureInfo.InvariantCulture), long.Parse(words[3], CultureInfo.InvariantCulture),
        int.Parse(words[4], CultureInfo.InvariantCulture), bool.Parse(words[5]), words[6], words[7], words[8], int.Parse(words[9], CultureInfo.InvariantCulture));

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}

/// <summary>An application with Rqml in it, under full load: it submits, cancels, waits and writes down what it hears, until it is killed or told to stop.</summary>
internal sealed class Application : IAsyncDisposable
{
    public const string Node = "soak";
    private const string SecondNode = "second";
    private const int Lanes = 4;
    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(2);

    private readonly ApplicationSettings _settings;
    private readonly Journal _journal;
    private readonly SoakModels _models;
    private readonly Random _random;
    private readonly IHost _host;
    private readonly IRqmlClient _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly Pace _pace = new();
    private readonly Lock _measuring = new();
    private List<double> _latencies = [];
    private long _last;
    private int? _waitSeconds;

    public Application(ApplicationSettings settings)
    {
        _settings = settings;
        _journal = new Journal(settings.Folder, settings.Life);
        _models = new SoakModels(settings.Seed, _journal);
        _random = new Random(unchecked((int)settings.Seed * 397 + settings.Life));
        _last = settings.NextNumber - 1;
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        if (settings.Etcd.Length > 0) builder.Logging.AddProvider(new LineLog(LineLog.PathOf(settings.Folder, Node)));
        builder.Services.AddRqml(rqml =>
        {
            _models.AddTo(rqml
                .UseRocksDb(Path.Combine(settings.Folder, "store", "own"))
                .Configure(options => (options.NodeName, options.Lanes, options.KeepResults) = (Node, Lanes, TimeSpan.FromSeconds(settings.KeepSeconds))));
            if (HasGuests) rqml.AddInProcess().AddNode(SecondNode, node => node.Lanes(Lanes).UseRocksDb(Path.Combine(settings.Folder, "store", SecondNode)));
            else RealTransport.Of(settings.Listen).AddTo(rqml.Configure(options => options.AgeEvery = Worker.AgeEvery), settings.Listen);
            if (settings.Etcd.Length > 0) rqml.UseEtcd(settings.Etcd).Roles(NodeRoles.Client);
            else if (settings.Scheduler.Length > 0) rqml.JoinScheduler(settings.Scheduler).Roles(NodeRoles.Client);
            else if (!HasGuests) rqml.Roles(NodeRoles.Client | NodeRoles.Scheduler);
        });
        _host = builder.Build();
        _client = _host.Services.GetRequiredService<IRqmlClient>();
    }

    private bool HasGuests => _settings.Listen.Length == 0;

    public async Task RunAsync(TextReader commands)
    {
        await _host.StartAsync();
        await SayAsync("open");
        var inherited = Entry.In(Journal.InheritanceOf(_settings.Folder, _settings.Life)).ToList();
        var guests = HasGuests ? new Guests(_models, _settings.IsToBeKilled ? 8 : 20).RunAsync(_stop.Token) : Task.CompletedTask;
        var sampling = SampleAsync();
        var killing = HasGuests && _settings.IsToBeKilled ? KillSecondNodeAsync() : Task.CompletedTask;
        var callers = Enumerable.Range(0, _settings.Callers).Select(_ => CallAsync()).Append(TakeOverAsync(inherited)).ToList();
        var obeying = ObeyAsync(commands);

        await await Task.WhenAny(obeying, Task.WhenAll([.. callers, guests, sampling, killing]));
        await Task.WhenAll([.. callers, guests, sampling, killing]);
        await SayLeftAsync();
        await _host.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _host.Dispose();
        _stop.Dispose();
        await _journal.DisposeAsync();
    }

    /// <summary>"pace N": submit so many a second from now on; "stop N": submit nothing more, and wait N seconds until the last result is purged. The end of the stream is that of whoever watches us.</summary>
    private async Task ObeyAsync(TextReader commands)
    {
        while (await commands.ReadLineAsync() is { } command)
        {
            if (command.Split(' ') is ["pace", var perSecond]) _pace.Set(double.Parse(perSecond, CultureInfo.InvariantCulture));
            else if (command.Split(' ') is ["stop", var seconds]) _waitSeconds = int.Parse(seconds, CultureInfo.InvariantCulture);
            if (_waitSeconds is not null) break;
        }

        await _stop.CancelAsync();
    }

    private async Task CallAsync()
    {
        await Task.Yield();
        while (!_stop.IsCancellationRequested)
        {
            await _pace.WaitAsync(_stop.Token);
            if (!_stop.IsCancellationRequested) await SubmitAsync(Interlocked.Increment(ref _last));
        }
    }

    private async Task SubmitAsync(long number)
    {
        var task = SoakTask.Of(_settings.Seed, number);
        var @class = SoakModels.ClassOf(task.Kind);
        _ = _journal.Note(EntryKind.Intended, number);
        var began = Stopwatch.GetTimestamp();
        var handle = await _client.SubmitAsync(@class, task.Payload(), new SubmitOptions
        {
            IdempotencyKey = number.ToString(CultureInfo.InvariantCulture),
            Deadline = task.DeadlineMs is { } deadline ? TimeSpan.FromMilliseconds(deadline) : null,
        });
        var acknowledging = _journal.Note(EntryKind.Acknowledged, number, handle.Id);
        var cancelling = task.CancelAfterMs is { } after ? CancelAsync(number, handle, after) : Task.CompletedTask;
        var result = await handle.Completion;
        var took = Stopwatch.GetElapsedTime(began);
        lock (_measuring) _latencies.Add(took.TotalMilliseconds);
        await HearAsync(EntryKind.Heard, task, result);
        if (number % 100 == 0)
        {
            var again = await _client.AttachAsync(@class, handle.Id);
            await HearAsync(EntryKind.HeardAgain, task, await again.Completion);
        }

        await acknowledging;
        await cancelling;
    }

    private async Task CancelAsync(long number, RefinementHandle<ReadOnlyMemory<byte>> handle, int afterMs)
    {
        await Task.Delay(afterMs);
        if (await handle.CancelAsync()) await _journal.Note(EntryKind.Cancelled, number, handle.Id);
    }

    private Task HearAsync(EntryKind kind, SoakTask task, RefinementResult<ReadOnlyMemory<byte>> result)
    {
        if (result.HasArtifact && result.Outcome == Outcome.Converged && !task.IsAfter(result.ArtifactBytes, task.Iterations)) _ = _journal.Note(EntryKind.Wrong, task.Number, result.Task);
        var words = FormattableString.Invariant($"{result.Outcome} {result.Iterations} {result.Attempt} {result.SettledAt:O} {result.Reason} {Convert.ToHexString(SHA256.HashData(result.ArtifactBytes.Span))}");
        var detail = BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(words)));
        return _journal.Note(kind, task.Number, result.Task, detail, result.Outcome);
    }

    /// <summary>What the life before left: submitted without an answer, it is submitted again under its key; answered, it is waited for; heard of, it has to be the same again.</summary>
    private async Task TakeOverAsync(IReadOnlyList<Entry> inherited) => await Task.WhenAll(inherited.Select(async entry =>
    {
        var task = SoakTask.Of(_settings.Seed, entry.Number);
        if (entry.Kind == EntryKind.Intended)
        {
            await SubmitAsync(entry.Number);
            return;
        }

        try
        {
            var handle = await _client.AttachAsync(SoakModels.ClassOf(task.Kind), entry.Task);
            await HearAsync(entry.Kind == EntryKind.Heard ? EntryKind.HeardAgain : EntryKind.Heard, task, await handle.Completion);
        }
        catch (UnknownTaskException)
        {
            // What was heard of may have been purged since.
            if (entry.Kind == EntryKind.Acknowledged) await _journal.Note(EntryKind.Unknown, entry.Number, entry.Task);
        }
    }));

    /// <summary>In two of three lives the second node dies some seconds before the process does.</summary>
    private async Task KillSecondNodeAsync()
    {
        if (_random.Next(3) == 0) return;
        await Task.Delay(_random.Next(1_000, 8_000));
        var held = await Testing.NodeFaults.KillNodeAsync(_host, SecondNode);
        await SayAsync($"killed {SecondNode} {held.Count}");
    }

    private async Task SampleAsync()
    {
        using var process = Process.GetCurrentProcess();
        var (began, cpu) = (Stopwatch.GetTimestamp(), process.TotalProcessorTime);
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(SampleEvery, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            List<double> latencies;
            lock (_measuring) (latencies, _latencies) = (_latencies, []);
            latencies.Sort();
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
            process.Refresh();
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            var sample = new Sample(
                seconds, latencies.Count, At(latencies, 0.5), At(latencies, 0.99), GC.GetTotalMemory(forceFullCollection: false), process.WorkingSet64, process.HandleCount,
                (process.TotalProcessorTime - cpu).TotalMilliseconds);
            (began, cpu) = (Stopwatch.GetTimestamp(), process.TotalProcessorTime);
            await SayAsync(sample.ToString());
        }
    }

    /// <summary>Settled tasks leave when their results have been kept long enough; then nothing may be left, open or not.</summary>
    private async Task SayLeftAsync()
    {
        var open = await _client.ListAsync(new TaskFilter { State = RefinementState.Submitted }).CountAsync();
        var left = await _client.ListAsync().CountAsync();
        for (var seconds = 0; seconds < _waitSeconds && left > 0; seconds++)
        {
            await Task.Delay(1_000);
            left = await _client.ListAsync().CountAsync();
        }

        await SayAsync($"left {left} open {open}");
    }

    private static double At(List<double> sorted, double share) => sorted.Count == 0 ? 0 : sorted[(int)((sorted.Count - 1) * share)];

    private static async Task SayAsync(string line)
    {
        await Console.Out.WriteLineAsync(line);
        await Console.Out.FlushAsync();
    }
}
