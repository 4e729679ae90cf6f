using CommandLine;

namespace Rqml.Samples.Tests;

public sealed class StoreFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("store-folder-").FullName;

    private string Store => Path.Combine(_folder, "store");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_finished_run_leaves_nothing_but_what_others_have_put_there()
    {
        var store = StoreFolder.Open(Store, "sample", "a", "b");
        Work(store);
        File.WriteAllText(Path.Combine(Store, "plot"), "kept");

        store.Delete();

        Assert.Equal([Path.Combine(Store, "plot")], Directory.EnumerateFileSystemEntries(Store));
    }

    [Fact]
    public void What_a_killed_run_left_is_taken_up_and_deleted_in_the_end()
    {
        Work(StoreFolder.Open(Store, "sample", "a", "b"));

        var again = StoreFolder.Open(Store, "sample", "a", "b");
        Assert.Equal("work", File.ReadAllText(Path.Combine(again["a"], "file")));
        Directory.Delete(again["a"], recursive: true);      // killed once more, while it deleted
        StoreFolder.Open(Store, "sample", "a", "b").Delete();

        Assert.Empty(Directory.EnumerateFileSystemEntries(Store));
    }

    [Fact]
    public void A_folder_that_the_sample_has_not_made_is_refused_and_left_alone()
    {
        Work(StoreFolder.Open(Store, "another", "a", "b"));
        var refused = Assert.Throws<FormatException>(() => StoreFolder.Open(Store, "sample", "b", "c"));
        Assert.Equal($"--store is '{Store}', and '{Path.Combine(Store, "b")}' there is not of this program: choose another folder.", refused.Message);
        Assert.False(File.Exists(Path.Combine(Store, "sample.run")));
        Assert.True(Directory.Exists(Path.Combine(Store, "b")));
    }

    private static void Work(StoreFolder store)
    {
        foreach (var node in (string[])["a", "b"]) File.WriteAllText(Path.Combine(Directory.CreateDirectory(store[node]).FullName, "file"), "work");
    }
}
