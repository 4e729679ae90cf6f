using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.FaultProxy;
using Rqml.Hosting;
using Rqml.RealEtcd;
using Rqml.Scheduling;
using Rqml.Supervision;

namespace Rqml.Benchmarks.Cluster;

/// <summary>A node of a cluster over etcd in a process of its own: how it is started, and what it does there.</summary>
internal static class Member
{
    public const string Word = "cluster-member";

    /// <summary>Told to it: say what your scheduler knows.</summary>
    public const string Knows = "knows";

    /// <summary>Told to it: collect first, and then say it.</summary>
    public const string Weighed = "weighed";

    /// <summary>Said by it with each call of its model, and the task's number after it.</summary>
    public const string Call = "call";

    private static readonly Lock Saying = new();
    private static readonly TaskClass<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> Digests = new("digest");

    /// <summary>What its model does.</summary>
    /// <param name="Lanes">Tasks at a time.</param>
    /// <param name="WaitMs">How long a call takes, without the processor; 0: not at all.</param>
    /// <param name="Calls">Calls that a task takes.</param>
    /// <param name="Tells">Whether each call is told.</param>
    public sealed record Duty(int Lanes, int WaitMs, int Calls = 1, bool Tells = false);

    /// <summary>The submitter's end, in this process.</summary>
    public static Task<IHost> SubmitterAsync(EtcdServers etcd, Duty duty, int maxOpen = 100_000) =>
        BenchmarkHost.StartAsync(rqml => Join(rqml, etcd.Endpoints, duty).Roles(NodeRoles.Client).Configure(options => (options.NodeName, options.MaxOpenTasks) = ("submitter", maxOpen)));

    public static async Task<RefinementHandle<ReadOnlyMemory<byte>>> SubmitAsync(IHost submitter, long number) =>
        await submitter.Services.GetRequiredService<IRqmlClient>().SubmitAsync(Digests, Work.NewPayload(Work.PayloadBytes, number));

    /// <summary>A whole task, whose artifact is checked.</summary>
    public static async ValueTask RunOneAsync(IHost submitter, long number)
    {
        var task = await SubmitAsync(submitter, number);
        var result = await task.Completion;
        if (result.Outcome != Outcome.Converged) throw new InvalidOperationException($"A task was settled as {result.Outcome}: {result.Reason}");
        Work.Check(Work.NewPayload(Work.PayloadBytes, number), result.Artifact.Span);
    }

    public static string[] Arguments(string name, EtcdServers etcd, NodeRoles roles, Duty duty) =>
        [Word, name, etcd.Endpoints, $"{roles}", Text(duty.Lanes), Text(duty.WaitMs), Text(duty.Calls), $"{duty.Tells}"];

    /// <summary>The process.</summary>
    public static async Task RunAsync(string[] words)
    {
        var duty = new Duty(Number(words[3]), Number(words[4]), Number(words[5]), bool.Parse(words[6]));
        using var host = await BenchmarkHost.StartAsync(rqml => Join(rqml, words[1], duty).Roles(Enum.Parse<NodeRoles>(words[2])).Configure(options => (options.NodeName, options.Lanes, options.CopyCheckpoints) = (words[0], duty.Lanes, duty.Calls > 1)));
        Say("open");
        while (await Console.In.ReadLineAsync() is { } word)
        {
            var known = host.Services.GetService<IScheduler>() is { } scheduler ? await scheduler.GetStatisticsAsync() : null;
            Say(FormattableString.Invariant($"{Knows} {known?.IsActive == true} {known?.Tasks ?? 0} {GC.GetTotalMemory(forceFullCollection: word == Weighed)}"));
        }

        await host.StopAsync();
    }

    /// <summary>Number of the task, from its payload.</summary>
    private static long NumberOf(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadInt64LittleEndian(payload);

    private static void Say(string line)
    {
        lock (Saying)
        {
            Console.Out.WriteLine(line);
            Console.Out.Flush();
        }
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);

    private static IRqmlBuilder Join(IRqmlBuilder rqml, string etcd, Duty duty) => rqml
        .AddTaskClass(Digests, digests => digests.AddModel("digest", (context, cancellationToken) => DigestAsync(context, duty, cancellationToken)).SuperviseWith(new AcceptAfter(duty.Calls)).Limit(duty.Calls + 1))
        .AddTcp(tcp => tcp.Listen = FormattableString.Invariant($"tcp://127.0.0.1:{FreePort.Next()}"))
        .UseEtcd(etcd);

    private static async ValueTask<Refinement<ReadOnlyMemory<byte>>> DigestAsync(RefinementContext<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> context, Duty duty, CancellationToken cancellationToken)
    {
        if (duty.Tells) Say(FormattableString.Invariant($"{Call} {NumberOf(context.Payload.Span)}"));
        if (duty.WaitMs > 0) await Task.Delay(duty.WaitMs, cancellationToken);
        return new Refinement<ReadOnlyMemory<byte>>(Work.Digest(context.Payload.Span));
    }

    /// <summary>Accepts what so many iterations made.</summary>
    private sealed class AcceptAfter(int iterations) : ISupervisionPolicy
    {
        private static readonly SupervisionDecision Yes = SupervisionDecision.Accept("made");
        private static readonly SupervisionDecision NotYet = SupervisionDecision.Continue("a further call");

        public int Version => 1;

        public SupervisionDecision Decide(Observation seen) => seen.Iteration < iterations ? NotYet : Yes;
    }
}
