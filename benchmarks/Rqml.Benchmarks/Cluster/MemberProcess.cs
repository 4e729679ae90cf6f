using System.Diagnostics;
using System.Globalization;
using Rqml.FaultProxy;
using Rqml.Hosting;
using Rqml.RealEtcd;

namespace Rqml.Benchmarks.Cluster;

/// <summary>A member from outside: heard line by line, killed, stopped and asked.</summary>
internal sealed class MemberProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Action<string, long> _called;
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private volatile TaskCompletionSource<Knowledge>? _asked;

    private MemberProcess(string name, EtcdServers etcd, NodeRoles roles, Member.Duty duty, Action<string, long> called)
    {
        (Name, _called) = (name, called);
        _process = Process.Start(new ProcessStartInfo("dotnet", [typeof(MemberProcess).Assembly.Location, .. Member.Arguments(name, etcd, roles, duty)]) { RedirectStandardInput = true, RedirectStandardOutput = true })
            ?? throw new InvalidOperationException("A member did not start.");
        _reading = ReadAsync();
    }

    public string Name { get; }

    /// <summary>Starts it, and returns when its host has started.</summary>
    /// <param name="name">Of its node.</param>
    /// <param name="etcd">Where it joins.</param>
    /// <param name="roles">What it does there.</param>
    /// <param name="duty">What its model does.</param>
    /// <param name="called">Hears of each call of its model: the member's name, and the task's number.</param>
    public static async Task<MemberProcess> StartAsync(string name, EtcdServers etcd, NodeRoles roles, Member.Duty duty, Action<string, long>? called = null)
    {
        var member = new MemberProcess(name, etcd, roles, duty, called ?? ((_, _) => { }));
        await member._open.Task;
        return member;
    }

    /// <summary>What its scheduler knows.</summary>
    /// <param name="isWeighed">Whether what nobody needs is to be collected before its memory is read.</param>
    public async Task<Knowledge> KnowsAsync(bool isWeighed = false)
    {
        _asked = new TaskCompletionSource<Knowledge>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _process.StandardInput.WriteLineAsync(isWeighed ? Member.Weighed : Member.Knows);
        await _process.StandardInput.FlushAsync();
        return await _asked.Task;
    }

    /// <summary>As kill -9 does, of one that is stopped too.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
    }

    public void Stop() => Signals.Stop(_process);

    public void Continue() => Signals.Continue(_process);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await _reading;
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            var words = line.Split(' ');
            if (words[0] == Member.Call) _called(Name, long.Parse(words[1], CultureInfo.InvariantCulture));
            else if (words[0] == Member.Knows) _asked?.TrySetResult(new Knowledge(bool.Parse(words[1]), int.Parse(words[2], CultureInfo.InvariantCulture), long.Parse(words[3], CultureInfo.InvariantCulture)));
            else _open.TrySetResult();
        }

        var ended = new InvalidOperationException($"{Name} has ended.");
        _open.TrySetException(ended);
        _asked?.TrySetException(ended);
    }

    /// <summary>What a member says of itself.</summary>
    /// <param name="Leads">Whether its scheduler leads.</param>
    /// <param name="Tasks">Open tasks that its scheduler has.</param>
    /// <param name="Bytes">Managed memory of its process.</param>
    internal sealed record Knowledge(bool Leads, int Tasks, long Bytes);
}
