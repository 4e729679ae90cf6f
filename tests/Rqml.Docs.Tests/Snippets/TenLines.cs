#region snippet
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml;
#endregion
using Rqml.Docs.Tests.Snippets;

namespace AnApplicationOfYours;

/// <summary>The program that the README begins with: its directives, and its ten lines.</summary>
[Collection(Workplace.OneAtATime)]
public sealed class TenLines : IDisposable
{
    private readonly Workplace _workplace = new();

    public void Dispose() => _workplace.Dispose();

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task The_ten_lines_of_the_readme_find_a_root()
    {
        _workplace.TakeConsole();
        #region snippet
        var squareRoot = new TaskClass<double, double>("square-root");      // from a number to its root
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRqml(rqml => rqml.AddTaskClass(squareRoot, root => root
            .AddModel("newton", (task, _) => new(task.HasArtifact ? (task.Artifact + task.Payload / task.Artifact) / 2 : task.Payload))
            .ConvergeWhenAll(Stability.Over(2))));                          // done when two in a row are equal
        using var host = builder.Build();
        await host.StartAsync();
        var task = await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(squareRoot, 2);
        var result = await task.Completion;
        Console.WriteLine($"{result.Outcome}: {result.Artifact} after {result.Iterations} iterations\n{result.Story}");
        #endregion
        await host.StopAsync();

        Assert.StartsWith("Converged: 1.414213562373095 after 7 iterations\n", _workplace.Printed.ToString(), StringComparison.Ordinal);
        Assert.Contains("settled as Converged", _workplace.Printed.ToString(), StringComparison.Ordinal);
    }
}
