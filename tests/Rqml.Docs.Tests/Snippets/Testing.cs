using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Storage;
using Rqml.Testing;
using Rqml.Testing.Contracts;

namespace Rqml.Docs.Tests.Snippets;

#region snippet
public sealed class MyStoreTests : KeyValueStoreContract
{
    protected override IKeyValueStore Create() => new InMemoryKeyValueStore();      // yours here
}
#endregion

public sealed class AModelAlone
{
    [Fact]
    public async Task Gets_what_a_host_would_give_it()
    {
        #region snippet
        var model = new NewtonStep();

        var first = await model.RefineAsync(PassContext.First(SquareRoots.SquareRoot, new Number(9)), CancellationToken.None);
        var later = await model.RefineAsync(PassContext.Later(SquareRoots.SquareRoot, new Number(9), first.Artifact), CancellationToken.None);

        Assert.True(Math.Abs(later.Artifact.Value - 3) < Math.Abs(first.Artifact.Value - 3));
        #endregion
    }
}

public sealed class KillingNodes
{
    [Fact(Timeout = Workplace.LimitMs)]
    public async Task Nothing_is_lost_with_a_node()
    {
        #region snippet
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(SquareRoots.SquareRoot, roots => roots
                .AddModel<NewtonStep>()
                .ConvergeWhenAll(Stability.Over(2).AtLeast(1)))
            .AddNode("b")
            .AddNode("c"));
        using IHost host = builder.Build();
        await host.StartAsync();
        IRqmlClient rqml = host.Services.GetRequiredService<IRqmlClient>();

        var tasks = new List<RefinementHandle<Root>>();
        for (var number = 1; number <= 200; number++) tasks.Add(await rqml.SubmitAsync(SquareRoots.SquareRoot, new Number(number)));
        IReadOnlyList<TaskId> held = await host.KillNodeAsync("b");      // as a crash would: nothing is said, nothing drained
        RefinementResult<Root>[] results = await Task.WhenAll(tasks.Select(task => task.Completion));

        Assert.All(results, result => Assert.Equal(Outcome.Converged, result.Outcome));
        #endregion
        Assert.Equal(200, results.DistinctBy(result => result.Task).Count());
        Assert.All(held, task => Assert.Contains(tasks, mine => mine.Id == task));
        await host.StopAsync();
    }
}
