using Xunit.Abstractions;

namespace Rqml.Soak.Tests;

/// <summary>The soak in short, with processes and disks as they are; eng/soak runs it for half an hour, and judges growth too.</summary>
public sealed class ShortSoakTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Under_load_and_kills_nothing_is_lost_or_settled_twice()
    {
        var folder = Directory.CreateTempSubdirectory("rqml-soak-").FullName;
        using var table = new StringWriter();
        try
        {
            var holds = await new Supervisor(Length, seed: 3, folder, table).RunAsync();
            Assert.True(holds, table.ToString());
        }
        finally
        {
            output.WriteLine(table.ToString());
            Directory.Delete(folder, recursive: true);
        }
    }
}
