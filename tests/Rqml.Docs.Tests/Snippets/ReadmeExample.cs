using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Rqml.Docs.Tests.Snippets;

public sealed record Question(string Text);

public sealed record Answer(string Text);

/// <summary>Stands for a small language model: it says the same each time, and is not sure of it.</summary>
public sealed class SmallModel : IRefinementModel<Question, Answer>
{
    public ValueTask<Refinement<Answer>> RefineAsync(RefinementContext<Question, Answer> context, CancellationToken cancellationToken) =>
        new(new Refinement<Answer>(new Answer(context.Payload.Text.ToUpperInvariant()), Confidence: 0.6));
}

/// <summary>Stands for a large one: it goes on from what the small one left, and is sure.</summary>
public sealed class LargeModel : IRefinementModel<Question, Answer>
{
    public ValueTask<Refinement<Answer>> RefineAsync(RefinementContext<Question, Answer> context, CancellationToken cancellationToken) =>
        new(new Refinement<Answer>(new Answer($"{context.Payload.Text.ToUpperInvariant()}!"), Confidence: 0.95));
}

public sealed class ReadmeExample
{
    #region snippet
    public static readonly TaskClass<Question, Answer> Qa = new("qa");
    #endregion

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task The_example_of_the_readme_runs()
    {
        // Its store lies in data/rqml of the current folder, which is that of the test's binaries.
        if (Directory.Exists("data/rqml")) Directory.Delete("data/rqml", recursive: true);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        #region snippet
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(Qa, qa => qa
                .AddModel<SmallModel>(tier: 0, family: "phi")
                .AddModel<LargeModel>(tier: 1, family: "gpt")
                .ConvergeWhenAll(Stability.Over(3).AtLeast(0.98))
                .AcceptAt(0.9)
                .Limit(iterations: 12))
            .UseRocksDb("data/rqml"));
        #endregion
        using var host = builder.Build();
        await host.StartAsync();
        var rqml = host.Services.GetRequiredService<IRqmlClient>();
        var question = new Question("why");
        #region snippet
        RefinementHandle<Answer> task = await rqml.SubmitAsync(Qa, question);      // IRqmlClient; durable when it returns
        RefinementResult<Answer> result = await task.Completion;                   // Converged, with the large model's answer
        #endregion
        await host.StopAsync();

        Assert.Equal((Outcome.Converged, "WHY!", nameof(LargeModel)), (result.Outcome, result.Artifact.Text, result.Model));
    }
}
