using System.Diagnostics;
using System.Globalization;
using Rqml.FaultProxy;

namespace Rqml.Soak.Fabric;

/// <summary>Messages between two processes through a proxy that cuts their links, again and again; judged by what each side wrote down.</summary>
internal sealed class MessageSoak(RealTransport transport, long messages, int cuts, TextWriter output)
{
    private const double LeastReplayed = 0.01;

    public async Task<bool> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("rqml-").FullName;
        try
        {
            return await RunAsync(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<bool> RunAsync(string folder)
    {
        var clock = Stopwatch.StartNew();
        await using var receiver = Child.Start(Receiver.Word, transport.Name, folder);
        var address = new Uri(await receiver.ReadAsync());
        var front = transport.NewAddress(folder, "proxy");
        await using var proxy = Proxy.Start(transport.RouteTo(front, address));
        await using var sender = Child.Start(Sender.Word, transport.Name, folder, front.AbsoluteUri, messages.ToString(CultureInfo.InvariantCulture));
        var ending = sender.ReadAsync();
        await CutAsync(proxy, ending);
        var sent = await ending;
        var took = clock.Elapsed;
        var isInOrder = await sender.EndAsync() == 0;
        var hasEnded = await receiver.EndAsync() == 0;
        var wrong = Receiver.WrongIn(await receiver.ReadAsync());
        var faults = MessageLog.Compare(folder).ToList();
        var words = sent.Split(' ');
        var (replayed, undelivered) = (long.Parse(words[1], CultureInfo.InvariantCulture), long.Parse(words[3], CultureInfo.InvariantCulture));
        await output.WriteLineAsync(FormattableString.Invariant($"{transport.Name}: {messages:N0} messages in {took.TotalSeconds:0} s through {proxy.Cuts:N0} disconnects, {replayed:N0} frames replayed ({(double)replayed / messages:0.0 %}), {undelivered} handed back, {faults.Count} faults"));
        foreach (var fault in faults) await output.WriteLineAsync($"FAULT: {fault}");
        if (wrong > 0) await output.WriteLineAsync($"FAULT: {wrong} messages were not whole, or older than one before where only the latest counts");
        if (proxy.Cuts < cuts) await output.WriteLineAsync($"FAULT: only {proxy.Cuts} disconnects");
        if (replayed < LeastReplayed * messages) await output.WriteLineAsync("FAULT: too few frames were replayed");
        return isInOrder && hasEnded && wrong == 0 && faults.Count == 0 && undelivered == 0 && proxy.Cuts >= cuts && replayed >= LeastReplayed * messages;
    }

    /// <summary>By what the links carry, not by the clock: so that a slow machine cuts as often, and each cut meets frames on their way.</summary>
    private async Task CutAsync(Proxy proxy, Task ending)
    {
        var everyBytes = messages * 4 / cuts;
        for (var next = everyBytes; !ending.IsCompleted;)
        {
            await Task.WhenAny(ending, Task.Delay(2));
            if (proxy.CarriedBytes < next || proxy.Cut() == 0) continue;
            next = proxy.CarriedBytes + everyBytes;
        }
    }
}
