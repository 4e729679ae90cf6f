using Rqml.Administration;
using Rqml.Hosting;

namespace Rqml.Testing.Simulation;

/// <summary>
/// Who runs the cluster: drains nodes by way of any host, and again by another where that one is gone or nobody leads; then puts another process or another disk in the node's place, or lets it
/// take work again. Some lose patience, and resume what is not empty yet.
/// </summary>
/// <param name="world">Whose draws decide.</param>
/// <param name="process">Whose time waiting takes: no host's.</param>
/// <param name="judge">Who is told what the operator was told.</param>
/// <param name="machines">All of the cluster.</param>
internal sealed class SimulatedOperator(World world, SimulatedProcess process, Judge judge, IReadOnlyList<SimulatedMachine> machines)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LastLate = TimeSpan.FromSeconds(5);      // longer than any message is on its way

    private readonly Dictionary<SimulatedMachine, Task> _drains = [];
    private Task _ending = Task.CompletedTask;

    /// <summary>Whether all of it is done, as far as it was begun.</summary>
    public bool IsDone => _ending.IsCompleted && _drains.Values.All(drain => drain.IsCompleted);

    /// <summary>A bug of the simulation.</summary>
    public Exception? Failure => _drains.Values.Append(_ending).FirstOrDefault(task => task.IsFaulted)?.Exception!.InnerException;

    /// <summary>Whether it has nothing to do with that node now.</summary>
    public bool IsFree(SimulatedMachine machine) => !_drains.TryGetValue(machine, out var drain) || drain.IsCompleted;

    public void Drain(SimulatedMachine machine)
    {
        var done = new TaskCompletionSource();
        _drains[machine] = done.Task;
        world.Enqueue(process, () => _drains[machine] = DrainAsync(machine));
    }

    /// <summary>All is healed: what was begun is brought to its end, and whatever was drained takes work again.</summary>
    /// <param name="after">Until then a node may sleep, and come back as it fell asleep.</param>
    public void End(TimeSpan after)
    {
        var begun = _drains.ToArray();
        var ending = new TaskCompletionSource();
        _ending = ending.Task;
        world.Enqueue(process, () => _ending = EndAsync([.. begun.Select(drain => drain.Key)], after));
    }

    private async Task EndAsync(IReadOnlyList<SimulatedMachine> drained, TimeSpan after)
    {
        await Task.Delay(after + LastLate, process.Time);
        foreach (var machine in drained)
        {
            while (!IsFree(machine)) await Task.Delay(LookEvery, process.Time);
            await ResumeAsync(machine);
        }
    }

    private async Task DrainAsync(SimulatedMachine machine)
    {
        TimeSpan? patience = world.Chance(0.4) ? TimeSpan.FromMilliseconds(world.Draw(5_000)) : null;
        var waiting = patience is not null && world.Chance(0.5);      // while another operator resumes the node
        var drain = AskAsync(AdministrationKind.Drain, machine, waiting ? null : patience);
        if (waiting) await Task.Delay(patience!.Value, process.Time);
        else if (await drain is { Verdict: AdministrationVerdict.Done })
        {
            if (world.Chance(0.5)) await ReplaceAsync(machine);
            else await Task.Delay(TimeSpan.FromMilliseconds(world.Draw(4_000)), process.Time);
        }

        await ResumeAsync(machine);
        await drain;
    }

    private async Task ResumeAsync(SimulatedMachine machine)
    {
        judge.Drains.Resuming(new NodeId(machine.Name));
        await AskAsync(AdministrationKind.Resume, machine, patience: null);
    }

    /// <summary>It was drained because it ends: it comes back as another process, and some with another disk.</summary>
    private async Task ReplaceAsync(SimulatedMachine machine)
    {
        var drained = machine.Process;
        machine.Stop();
        while (machine.Process == drained && machine.IsUp)
        {
            if (!machine.IsStopping) return;
            await Task.Delay(LookEvery, process.Time);
        }

        if (machine.Process != drained) return;      // its supervisor was quicker
        if (machine.Settings.Roles == NodeRoles.Worker && world.Chance(0.5))
        {
            world.Tell($"{machine.Name} is drained, and gets an empty disk");
            machine.Disk.Replace();
            judge.DiskReplaced(machine.Name);
        }

        machine.StartAgain();
    }

    /// <summary>The answer for good; null where the operator lost patience before.</summary>
    private async Task<AdministrationAnswer?> AskAsync(AdministrationKind kind, SimulatedMachine machine, TimeSpan? patience)
    {
        var untilTicks = patience is { } bounded ? world.NowTicks + bounded.Ticks : long.MaxValue;
        while (true)
        {
            var hosts = machines.Where(host => host.HasStarted).ToList();
            if (hosts.Count > 0)
            {
                var host = hosts[world.Draw(hosts.Count)];
                var answer = await AskAsync(new AdministrationRequest(kind) { Node = new NodeId(machine.Name) }, host.Name, host.Process!, host.Runtime!.Administrator, untilTicks);
                if (answer is not null)
                {
                    world.Tell($"the operator at {host.Name} hears {answer.Verdict} of {kind} of {machine.Name}");
                    if (kind == AdministrationKind.Drain) judge.Drains.Answered(new NodeId(machine.Name), machine.Process!, answer);
                    return answer;
                }
            }

            if (world.NowTicks >= untilTicks) return null;
            await Task.Delay(LookEvery, process.Time);
        }
    }

    private async Task<AdministrationAnswer?> AskAsync(AdministrationRequest request, string name, SimulatedProcess host, Administrator administrator, long untilTicks)
    {
        world.Tell($"the operator at {name} asks for {request.Kind} of {request.Node}");
        var ticket = new TaskCompletionSource<AdministrationAnswer>();
        world.Enqueue(host, () => administrator.Post(AdministratorEvent.Ask(request, default, ticket)));
        while (!ticket.Task.IsCompleted && host.IsAlive && world.NowTicks < untilTicks) await Task.Delay(LookEvery, process.Time);
        if (!ticket.Task.IsCompleted && host.IsAlive) world.Enqueue(host, () => administrator.Post(AdministratorEvent.GiveUp(ticket)));
        return ticket.Task switch
        {
            { IsCompletedSuccessfully: true } answered => answered.Result,
            { Exception.InnerException: not (null or NoLeaderException or ShuttingDownException) and var bug } => throw new InvalidOperationException("An operator was answered with an unknown error.", bug),
            _ => null,
        };
    }
}
