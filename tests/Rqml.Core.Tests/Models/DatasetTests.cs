using Rqml.Core.Tests.Hosting;

namespace Rqml.Core.Tests.Models;

public sealed class DatasetTests
{
    [Fact]
    public async Task A_dataset_is_loaded_once_before_anything_runs_and_models_read_it_by_name()
    {
        var loads = 0;
        await using var host = await TestHost.StartAsync(rqml => rqml
            .AddDataset("synonyms", (_, _) =>
            {
                loads++;
                return new ValueTask<Dictionary<string, string>>(new Dictionary<string, string> { ["big"] = "large" });
            })
            .AddDataset<Dictionary<string, string>>("synonyms", (_, _) => throw new InvalidOperationException("A second of that name changes nothing."))
            .AddWords((context, _) => new(context.Dataset<Dictionary<string, string>>("synonyms")[context.Payload])));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "big")).Completion);

        Assert.Equal((Outcome.Converged, "large", 1), (result.Outcome, result.Artifact, loads));
    }

    [Fact]
    public async Task A_dataset_that_is_not_there_or_of_another_type_fails_the_pass_by_name()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml
            .AddDataset("numbers", (_, _) => new ValueTask<int[]>([1, 2, 3]))
            .AddWords((context, _) => new(context.Payload == "missing" ? context.Dataset<int[]>("words").ToString()! : context.Dataset<string>("numbers"))));

        var missing = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "missing")).Completion);
        Assert.Equal("UnknownDatasetException: There is no dataset 'words'; AddDataset adds it.", missing.Reason);
        var other = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "other")).Completion);
        Assert.Equal("UnknownDatasetException: The dataset 'numbers' is a System.Int32[], not a System.String.", other.Reason);
    }

    [Fact]
    public async Task A_dataset_that_cannot_be_loaded_keeps_the_host_from_starting()
    {
        var error = await Assert.ThrowsAsync<DatasetFailedException>(() => TestHost.StartAsync(rqml => rqml
            .AddDataset<string>("broken", (_, _) => throw new FileNotFoundException("words.txt"))
            .AddWords(Words.Echo)));

        Assert.Equal(("broken", "The dataset 'broken' could not be loaded: words.txt"), (error.Dataset, error.Message));
    }
}
